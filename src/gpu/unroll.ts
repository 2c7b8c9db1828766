// `// @unroll` above a `for`: the loop written out, one block a turn, its variable replaced by a literal. Private arrays
// indexed by a loop variable cost 40x on SwiftShader. Not an optimiser: what is not a plain counting loop is an error.
import { OptionError } from "./errors.ts";
import { type ConstEnvironment, constEnvironment, evaluate, literal, type ScalarType } from "./wgsl_const.ts";
import { closing, declarations, lineAt, scan, type Token } from "./wgsl_scan.ts";

const MAX_COPIES = 4096; // of one loop: beyond it compile time explodes
const LOOPS = new Set(["for", "while", "loop"]);

export interface MappedText {
  readonly code: string;
  /** Source line of each line of `code`. */
  readonly lines: readonly number[];
}

/** Writes out every `// @unroll` loop, outer ones first. `file` is for messages. */
export function unroll(code: string, lines: readonly number[], file: string): MappedText {
  const environment = constEnvironment(code, declarations(code));
  return expand(code, lines, { environment, file });
}

interface Context {
  readonly environment: ConstEnvironment;
  readonly file: string;
}

function expand(code: string, lines: readonly number[], context: Context): MappedText {
  const tokens = scan(code);
  const out = { code: "", lines: [] as number[] };
  let from = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]!.kind !== "comment" || !/^\/\/\s*@unroll\s*$/.test(tokens[i]!.text)) continue;
    const loop = readLoop(code, tokens, i, lines, context);
    add(out, code.slice(from, tokens[i]!.start), lines, lineAt(code, from));
    const indent = code.slice(code.lastIndexOf("\n", tokens[i]!.start) + 1, tokens[i]!.start);
    loop.values.forEach((value, k) => {
      const text = substitute(code, loop, value);
      const body = expand(text, lines.slice(loop.line - 1), context);
      add(out, `{ /* ${loop.name} = ${value} */`, lines, loop.line);
      append(out, body);
      add(out, k === loop.values.length - 1 ? "}" : `}\n${indent}`, lines, lineAt(code, loop.end - 1));
    });
    from = loop.end;
    while (i + 1 < tokens.length && tokens[i + 1]!.start < loop.end) i++;
  }
  add(out, code.slice(from), lines, lineAt(code, from));
  return out;
}

/** Appends a piece that started at line `line` of the text that `lines` maps. */
function add(
  out: { code: string; lines: number[] },
  piece: string,
  lines: readonly number[],
  line: number,
): void {
  const count = piece.split("\n").length;
  append(out, {
    code: piece,
    lines: Array.from({ length: count }, (_, n) => lines[line - 1 + n] ?? lines.at(-1) ?? 0),
  });
}

function append(out: { code: string; lines: number[] }, piece: MappedText): void {
  // The first line of the piece continues the last one of the text; where that is blank so far, it gives the number.
  const blank = out.code.slice(out.code.lastIndexOf("\n") + 1).trim() === "";
  out.code += piece.code;
  if (blank && piece.code.trimStart() !== "") out.lines.pop();
  out.lines.push(...(blank && piece.code.trimStart() !== "" ? piece.lines : piece.lines.slice(1)));
}

interface Loop {
  readonly name: string;
  readonly values: readonly string[];
  readonly tokens: readonly Token[]; // of the body, without its braces
  readonly start: number; // of the body, after its brace
  readonly line: number; // of the opening brace, in the text at hand
  readonly end: number; // after the closing brace
}

function readLoop(
  code: string,
  tokens: readonly Token[],
  at: number,
  lines: readonly number[],
  context: Context,
): Loop {
  const fail = (why: string): never => {
    const line = lines[lineAt(code, tokens[at]!.start) - 1] ?? 0;
    throw new OptionError(`specialise: ${context.file}:${line}: @unroll: ${why}`);
  };
  if (tokens[at + 1]?.text !== "for" || tokens[at + 2]?.text !== "(") {
    return fail("must stand directly above a for loop");
  }
  const close = closing(tokens, at + 2);
  const open = close + 1;
  if (tokens[open]?.text !== "{") return fail("the loop has no body");
  const last = closing(tokens, open);
  const parts = split(tokens.slice(at + 3, close).filter((t) => t.kind !== "comment"));
  if (parts.length !== 3) return fail("the loop needs a start, a bound and a step");
  const body = tokens.slice(open + 1, last);
  const { name, type, values } = turns(code, parts as [Token[], Token[], Token[]], context, fail);
  checkBody(body, name, fail);
  const texts = values.map((v) => literal(v, type, name));
  const brace = tokens[open]!;
  return {
    name,
    values: texts,
    tokens: body,
    start: brace.end,
    line: lineAt(code, brace.start),
    end: tokens[last]!.end,
  };
}

function split(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.text === ";") parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts;
}

type Fail = (why: string) => never;

/** The values that the loop variable takes. */
function turns(code: string, [init, test, step]: [Token[], Token[], Token[]], context: Context, fail: Fail) {
  const text = (tokens: Token[]) => (tokens[0] ? code.slice(tokens[0].start, tokens.at(-1)!.end) : "");
  const value = (tokens: Token[]) => {
    try {
      return evaluate(text(tokens), context.environment);
    } catch (error) {
      return fail(error instanceof OptionError ? error.message : String(error));
    }
  };
  const equals = init.findIndex((t) => t.text === "=");
  const name = init[1]?.text ?? "";
  if (init[0]?.text !== "var" || equals < 2) fail(`the start must read "var i = 0u", found "${text(init)}"`);
  if (test[0]?.text !== name) fail(`the bound must read "${name} < N", found "${text(test)}"`);
  if (step[0]?.text !== name) fail(`the step must read "${name}++" or "${name} += S", found "${text(step)}"`);
  const first = value(init.slice(equals + 1));
  const bound = value(test.slice(2));
  const declared = equals > 2 ? text(init.slice(3, equals)) : "";
  const type = (declared || (first.type === "int" ? "i32" : first.type)) as ScalarType;
  if (type !== "u32" && type !== "i32") fail(`${name} must be u32 or i32, found ${type}`);
  const by = step[1]!.text === "++" || step[1]!.text === "--" ? 1 : Number(value(step.slice(2)).value);
  const values: number[] = [];
  for (
    let v = Number(first.value);
    holds(v, test[1]!.text, Number(bound.value), fail);
    v = next(v, step[1]!.text, by, fail)
  ) {
    values.push(v);
    if (values.length > MAX_COPIES) fail(`more than ${MAX_COPIES} turns`);
  }
  return { name, type, values };
}

function holds(v: number, operator: string, bound: number, fail: Fail): boolean {
  switch (operator) {
    case "<":
      return v < bound;
    case "<=":
      return v <= bound;
    case ">":
      return v > bound;
    case ">=":
      return v >= bound;
    default:
      return fail(`comparison ${operator} is not < <= > >=`);
  }
}

function next(v: number, operator: string, by: number, fail: Fail): number {
  switch (operator) {
    case "++":
    case "+=":
      return v + by;
    case "--":
    case "-=":
      return v - by;
    case "*=":
      return v * by;
    case "/=":
      return Math.trunc(v / by);
    case "<<=":
      return v << by;
    case ">>=":
      return v >> by;
    default:
      return fail(`step ${operator} is not known`);
  }
}

/** Refuses what a written-out loop cannot do: leave early, change or hide its variable. */
function checkBody(body: readonly Token[], name: string, fail: Fail): void {
  const tokens = body.filter((t) => t.kind !== "comment");
  const owners: string[] = []; // what each open brace belongs to
  let pending = "";
  tokens.forEach((t, i) => {
    if (LOOPS.has(t.text) || t.text === "switch") pending = t.text;
    if (t.text === "{") {
      owners.push(pending);
      pending = "";
    }
    if (t.text === "}") owners.pop();
    const inLoop = owners.some((o) => LOOPS.has(o));
    if (t.text === "continue" && !inLoop) fail("the body contains continue");
    if (t.text === "break" && !inLoop && !owners.includes("switch")) fail("the body contains break");
    if (t.text !== name || t.kind !== "name" || tokens[i - 1]?.text === ".") return;
    if (["var", "let", "const"].includes(tokens[i - 1]?.text ?? ""))
      fail(`${name} is declared again in the body`);
    if (/^(=|\+\+|--|([-+*/%&|^]|<<|>>)=)$/.test(tokens[i + 1]?.text ?? ""))
      fail(`${name} is changed in the body`);
  });
}

function substitute(code: string, loop: Loop, value: string): string {
  let text = "";
  let from = loop.start;
  loop.tokens.forEach((t, i) => {
    if (t.kind !== "name" || t.text !== loop.name || loop.tokens[i - 1]?.text === ".") return;
    text += code.slice(from, t.start) + value;
    from = t.end;
  });
  return text + code.slice(from, loop.end - 1);
}
