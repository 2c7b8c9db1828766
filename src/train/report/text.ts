// Text of the report: escaping for HTML and numbers for people. No value that is not finite reaches the page as "NaN".

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text made safe for HTML, in elements and in quoted attributes; what HTML forbids (control characters, halves of
 * surrogate pairs) becomes U+FFFD.
 */
export function escapeHtml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones HTML forbids
  const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]/gu;
  return text.replace(forbidden, "\ufffd").replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** What stands in place of a value that does not exist. */
export const NONE = "–";

/** `digits` significant digits, tiny and huge values with an exponent; NONE for NaN, ∞ for infinity. */
export function number(value: number, digits = 4): string {
  if (Number.isNaN(value)) return NONE;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  const text = size !== 0 && (size < 1e-3 || size >= 1e7) ? rounded.toExponential() : String(rounded);
  return text.replace(/^-/, "−").replace("e-", "e−").replace("e+", "e");
}

/** A count with its thousands apart: 10,000. */
export function count(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString("en-US") : number(value);
}

const NBSP = "\u00a0";

/** A share of one as a percentage. Less than all never rounds up to 100, more than nothing never down to 0. */
export function percent(share: number, decimals = 1): string {
  if (!Number.isFinite(share)) return NONE;
  const least = 10 ** -decimals;
  const value = 100 * share;
  if (value > 0 && value < least / 2) return `<${least.toFixed(decimals)}${NBSP}%`;
  if (value < 100 && value > 100 - least / 2) return `>${(100 - least).toFixed(decimals)}${NBSP}%`;
  return `${value.toFixed(decimals)}${NBSP}%`;
}
