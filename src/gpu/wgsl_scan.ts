// WGSL as tokens and top-level declarations, each with its place in the text: what reflection and specialisation
// need to edit a shader without being fooled by comments. Not a parser: the bodies of functions stay tokens.

export interface Token {
  readonly kind: "name" | "number" | "comment" | "punct";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

// In this order: space, name, number, start of a block comment, line comment, operator (longest first). Sticky: matches at
// the scanner's place.
const TOKEN =
  /\s+|([\p{XID_Start}_][\p{XID_Continue}]*)|(0[xX][0-9a-fA-F]+[iu]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[iufh]?)|(\/\*)|(\/\/[^\n]*)|<<=|>>=|->|\+\+|--|<<|>>|&&|\|\||[-+*/%&|^<>=!]=|[\s\S]/uy;

/** The tokens of a WGSL text, comments included (block comments nest). */
export function scan(code: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < code.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(code)!;
    const [text, name, number, block, line] = match;
    const end = block ? blockCommentEnd(code, at) : at + text.length;
    const kind = name ? "name" : number ? "number" : block || line ? "comment" : "punct";
    if (kind !== "punct" || text.trim() !== "")
      tokens.push({ kind, text: block ? code.slice(at, end) : text, start: at, end });
    at = end;
  }
  return tokens;
}

function blockCommentEnd(code: string, start: number): number {
  let depth = 0;
  for (let at = start; at < code.length; ) {
    if (code.startsWith("/*", at)) {
      depth++;
      at += 2;
    } else if (code.startsWith("*/", at)) {
      at += 2;
      if (--depth === 0) return at;
    } else at++;
  }
  return code.length;
}

/** A declaration at the top level. `value` spans what stands right of `=`, or a function's body with its braces. */
export interface Declaration {
  readonly kind: "const" | "override" | "alias" | "fn" | "struct" | "var";
  readonly name: string;
  /** Declared type as written (`array<T>`); for a function its return type; "" where there is none. */
  readonly type: string;
  readonly attributes: string;
  readonly start: number;
  readonly end: number;
  readonly value: { readonly start: number; readonly end: number } | null;
  /** The types of a function's arguments, as written. */
  readonly args: readonly string[];
}

const KINDS = new Set(["const", "override", "alias", "fn", "struct", "var"]);

/** All declarations at the top level, in order. */
export function declarations(code: string, all = scan(code)): Declaration[] {
  const tokens = all.filter((t) => t.kind !== "comment");
  const found: Declaration[] = [];
  let from = 0; // the first token of the declaration: its attributes
  for (let i = 0; i < tokens.length; i++) {
    const kind = tokens[i]!.text;
    if (kind === ";") from = i + 1;
    if (!KINDS.has(kind)) continue;
    const last = declarationEnd(tokens, i);
    found.push(declaration(code, tokens, from, i, last));
    i = last;
    from = i + 1;
  }
  return found;
}

function declarationEnd(tokens: readonly Token[], at: number): number {
  const braced = tokens[at]!.text === "fn" || tokens[at]!.text === "struct";
  const end = tokens.findIndex((t, k) => k > at && t.text === (braced ? "{" : ";"));
  if (end < 0) return tokens.length - 1;
  return braced ? closing(tokens, end) : end;
}

/** Index of the bracket that closes the one at `open`; the last token where none does. */
export function closing(tokens: readonly Token[], open: number): number {
  const [up, down] = [tokens[open]!.text, { "{": "}", "(": ")", "[": "]" }[tokens[open]!.text]];
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]!.text === up) depth++;
    else if (tokens[i]!.text === down && --depth === 0) return i;
  }
  return tokens.length - 1;
}

function declaration(
  code: string,
  tokens: readonly Token[],
  from: number,
  at: number,
  last: number,
): Declaration {
  const kind = tokens[at]!.text as Declaration["kind"];
  const text = (a: number, b: number) => (b > a ? code.slice(tokens[a]!.start, tokens[b - 1]!.end) : "");
  const find = (wanted: string, after: number) =>
    tokens.findIndex((t, k) => k >= after && k <= last && t.text === wanted);
  // `var<storage, read_write> x`: the address space stands between keyword and name.
  const nameAt = tokens[at + 1]!.text === "<" ? find(">", at) + 1 : at + 1;
  const shared = {
    kind,
    name: tokens[nameAt]!.text,
    attributes: text(from, at),
    start: tokens[from]!.start,
    end: tokens[last]!.end,
    args: [] as string[],
  };
  if (kind === "fn") {
    const close = closing(tokens, nameAt + 1);
    const body = find("{", close);
    const type = tokens[close + 1]!.text === "->" ? text(close + 2, body) : "";
    const value = { start: tokens[body]!.start, end: tokens[last]!.end };
    return { ...shared, type, value, args: argumentTypes(tokens.slice(nameAt + 2, close), code) };
  }
  const equals = find("=", nameAt);
  const typed = tokens[nameAt + 1]?.text === ":";
  const type = typed ? text(nameAt + 2, equals < 0 ? last : equals) : "";
  const value = equals < 0 ? null : { start: tokens[equals + 1]!.start, end: tokens[last - 1]!.end };
  return { ...shared, type: kind === "struct" ? "" : type, value };
}

function argumentTypes(tokens: readonly Token[], code: string): string[] {
  const types: string[] = [];
  let depth = 0;
  let from = -1;
  tokens.forEach((t, i) => {
    if (t.text === "<" || t.text === "(") depth++;
    if (t.text === ">" || t.text === ")") depth--;
    if (t.text === ">>") depth -= 2;
    if (t.text === ":" && depth === 0) from = i + 1;
    const ends = (t.text === "," && depth === 0) || i === tokens.length - 1;
    if (ends && from >= 0) {
      const end = t.text === "," ? i - 1 : i;
      types.push(code.slice(tokens[from]!.start, tokens[end]!.end));
      from = -1;
    }
  });
  return types;
}

/** The line of a place in the text, counted from 1. */
export function lineAt(code: string, place: number): number {
  let line = 1;
  for (let at = code.indexOf("\n"); at >= 0 && at < place; at = code.indexOf("\n", at + 1)) line++;
  return line;
}
