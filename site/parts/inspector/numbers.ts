// Numbers as people read them, with as many digits as tell f32 values apart where it matters.

/** Seven significant digits: all that f32 has, but for the last. */
export function exact(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e7 ? String(Number(value.toPrecision(7))) : trimmed(value.toExponential(6));
}

/** Three or four digits, for a glance. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(4))) : trimmed(value.toExponential(2));
}

const trimmed = (text: string): string => text.replace(/\.?0+e/, "e").replace("e+", "e");

export const count = (n: number): string => n.toLocaleString("en");

/** A time given in microseconds. */
export const time = (us: number): string => (us < 10_000 ? `${short(us)} µs` : `${short(us / 1000)} ms`);

/** Bytes in powers of 1024. */
export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  return n < 1024 ** 2 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 1024 ** 2).toFixed(1)} MiB`;
}
