// f16 as a way to store: a shader that computes in f32 gets, for the bindings named, f16 elements. Every load is widened
// where it stands and every store narrowed, so one text serves both and all arithmetic stays f32. Pure string work.

import { OptionError } from "./errors.ts";
import { closing, type Declaration, declarations, scan, type Token } from "./wgsl_scan.ts";

/**
 * WGSL converts only what fits, so the rest is chosen by hand: from 65520 on infinity, and NaN. They come as bits: WGSL has no
 * literals for them. Not as f16 bits: Naga cannot bitcast to vec2<f16>.
 */
const NARROW = `fn narrow_f16(v: f32) -> f16 {
  let bits = bitcast<u32>(v);
  let size = bits & 0x7fffffffu;
  let special = select(bits & 0x80000000u, 0x00400000u, size > 0x7f800000u) | 0x7f800000u;
  return f16(select(clamp(v, -65504.0, 65504.0), bitcast<f32>(special), size >= 0x477ff000u));
}`;
const NARROW_VECTOR = (n: number) => {
  const lanes = ["x", "y", "z", "w"].slice(0, n).map((lane) => `narrow_f16(v.${lane})`);
  return `fn narrow${n}_f16(v: vec${n}<f32>) -> vec${n}<f16> { return vec${n}<f16>(${lanes.join(", ")}); }`;
};

/** A shape of f32 elements: 1 is a scalar. */
type Width = 1 | 2 | 3 | 4;

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The scalar of an element type, aliases followed, and its width: `V` -> f32, 4. */
export function elementOf(
  type: string,
  aliases: Readonly<Record<string, string>>,
): { scalar: string; width: Width } {
  const plain = type.replace(/\s+/g, "");
  const vector = /^vec([234])(?:<(.+)>|([fiuh]))$/.exec(plain);
  if (vector) {
    const short = { f: "f32", i: "i32", u: "u32", h: "f16" }[vector[3] ?? ""];
    const scalar = short ?? elementOf(vector[2], aliases).scalar;
    return { scalar, width: Number(vector[1]) as Width };
  }
  const atomic = /^atomic<(.+)>$/.exec(plain);
  if (atomic) return { scalar: elementOf(atomic[1], aliases).scalar, width: 1 };
  const alias = Object.hasOwn(aliases, plain) ? aliases[plain] : undefined;
  return alias === undefined ? { scalar: plain, width: 1 } : elementOf(alias, aliases);
}

/**
 * The text with the storage bindings `names`, arrays of f32 or of vectors of it, stored as f16. Lines stay where they are.
 *
 * @throws OptionError for a name that is no such binding, and for one whose address is taken: a pointer cannot be widened
 */
export function storeAsHalf(code: string, names: readonly string[], file: string): string {
  if (names.length === 0) return code;
  const decls = declarations(code);
  const aliases: Record<string, string> = {};
  for (const d of decls)
    if (d.kind === "alias" && d.value) aliases[d.name] = code.slice(d.value.start, d.value.end);
  const widths = new Map<string, Width>();
  const edits: Edit[] = [];
  for (const name of names) {
    const d = decls.find((d) => d.kind === "var" && d.name === name && /@\s*binding\b/.test(d.attributes));
    const element = d && /^array\s*<(.*)>$/s.exec(d.type)?.[1];
    const { scalar, width } = elementOf(element ?? "", aliases);
    if (!d || scalar !== "f32")
      throw new OptionError(
        `specialise: ${file}: ${name} holds ${d?.type ?? "nothing"}, which f16 cannot store`,
      );
    widths.set(name, width);
    const at = code.lastIndexOf(d.type, d.end);
    edits.push({ start: at, end: at + d.type.length, text: `array<${half(width)}>` });
  }
  for (const d of decls) if (d.kind === "fn") edits.push(...rewriteFunction(code, d, widths, file));
  const used = [...new Set(widths.values())].filter((n) => n > 1);
  return `${apply(code, edits)}\n${[NARROW, ...used.map(NARROW_VECTOR)].join("\n")}`;
}

const half = (width: Width) => (width === 1 ? "f16" : `vec${width}<f16>`);
const wide = (width: Width) => (width === 1 ? "f32" : `vec${width}<f32>`);
const narrow = (width: Width) => (width === 1 ? "narrow_f16" : `narrow${width}_f16`);

/** A function that is rewritten: its tokens without comments, `base` where they are counted from. */
interface Site {
  readonly code: string;
  readonly base: number;
  readonly tokens: readonly Token[];
  readonly widths: ReadonlyMap<string, Width>;
  readonly file: string;
}

function rewriteFunction(code: string, fn: Declaration, widths: Site["widths"], file: string): Edit[] {
  const tokens = scan(code.slice(fn.start, fn.end)).filter((t) => t.kind !== "comment");
  const site: Site = { code, base: fn.start, tokens, widths, file };
  const hidden = locals(tokens, new Set(widths.keys()));
  return tokens.flatMap((token, i) => {
    if (!widths.has(token.text) || tokens[i - 1]?.text === "." || hidden.has(i)) return [];
    if (tokens[i + 1]?.text === "[") return rewriteAccess(site, i);
    if (tokens[i - 1]?.text === "&" && tokens[i - 3]?.text === "arrayLength") return [];
    return refuse(file, `${token.text} is used other than by its elements`);
  });
}

/** The access `x[i]` at a token, with what stands behind it: a load, a store, or a store that loads first. */
function rewriteAccess(site: Site, at: number): Edit[] {
  const { code, base, tokens, widths, file } = site;
  const { text: name } = tokens[at];
  const width = widths.get(name)!;
  const start = (i: number) => base + tokens[i].start;
  const end = (i: number) => base + tokens[i].end;
  const insert = (where: number, text: string): Edit => ({ start: where, end: where, text });
  const element = closing(tokens, at + 1);
  let last = element;
  while (/^[.[]$/.test(tokens[last + 1]?.text ?? ""))
    last = tokens[last + 1].text === "." ? last + 2 : closing(tokens, last + 1);
  const sign = tokens[last + 1]?.text ?? "";
  if (!/^[-+*/%]?=$/.test(sign)) {
    if (isAddress(tokens, at)) refuse(file, `a pointer to an element of ${name}`);
    return [insert(start(at), `${wide(width)}(`), insert(end(element), ")")];
  }
  const stored = last === element ? width : 1; // one lane of a vector
  const value = last + 2;
  const stop = base + tokens[statementEnd(tokens, value)].start;
  if (sign === "=") return [insert(start(value), `${narrow(stored)}(`), insert(stop, ")")];
  if (tokens.slice(at + 1, last).some((t) => widths.has(t.text)))
    refuse(file, `${name} ${sign} at an index that is loaded`);
  const target = `${wide(stored)}(${code.slice(start(at), end(last))})`;
  const text = `= ${narrow(stored)}(${target} ${sign[0]} (`;
  return [{ start: start(last + 1), end: start(value), text }, insert(stop, "))")];
}

function refuse(file: string, why: string): never {
  throw new OptionError(`specialise: ${file}: ${why}: no f16 for it`);
}

/** `&x[i]`: a unary &, which no operand stands before. */
function isAddress(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 2];
  if (tokens[at - 1]?.text !== "&") return false;
  return !before || before.text === "return" || !(before.kind !== "punct" || /^[)\]]$/.test(before.text));
}

/** The `;` that ends a statement, or the `)` of the `for` that it is the last part of. */
function statementEnd(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    const { text } = tokens[i];
    if (/^[([{]$/.test(text)) depth++;
    else if (/^[)\]}]$/.test(text) && --depth < 0) return i;
    else if (text === ";" && depth === 0) return i;
  }
  return tokens.length - 1;
}

/**
 * The tokens of one function that name an argument or a local variable instead of the binding of that name. A block's
 * variables end with it, those of a `for` with its body; a declaration's own right side still means the binding.
 */
function locals(tokens: readonly Token[], names: ReadonlySet<string>): ReadonlySet<number> {
  const hidden = new Set<number>();
  const scopes = [{ loop: false, names: new Set<string>() }]; // the first: arguments
  let declared: string | null = null; // hides the binding from the `;` on that ends its statement
  tokens.forEach((token, i) => {
    const { text } = token;
    const before = tokens[i - 1]?.text ?? "";
    if (text === "for" || text === "{") scopes.push({ loop: text === "for", names: new Set() });
    if (text === "}") {
      scopes.pop();
      if (scopes.at(-1)?.loop) scopes.pop();
    }
    if (text === ";" && declared !== null) {
      scopes.at(-1)!.names.add(declared);
      declared = null;
    }
    if (!names.has(text) || before === ".") return;
    const argument = scopes.length === 1 && tokens[i + 1]?.text === ":";
    if (argument) scopes[0].names.add(text);
    else if (/^(let|var|const)$/.test(before)) declared = text;
    else if (!scopes.some((s) => s.names.has(text))) return;
    hidden.add(i);
  });
  return hidden;
}

function apply(code: string, edits: readonly Edit[]): string {
  let text = "";
  let from = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    text += code.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return text + code.slice(from);
}
