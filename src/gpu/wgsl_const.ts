// Constant expressions of WGSL, evaluated and written back as text: `TM / 4u` -> 2, u32. Scalars only.
import { OptionError } from "./errors.ts";
import { type Declaration, scan, type Token } from "./wgsl_scan.ts";

/** `int` and `float` are WGSL's abstract types: a literal without suffix. */
export type ScalarType = "u32" | "i32" | "f32" | "f16" | "bool" | "int" | "float";
export interface Scalar {
  readonly value: number | boolean;
  readonly type: ScalarType;
}
export type ConstEnvironment = ReadonlyMap<string, Scalar>;

const PRECEDENCE: Readonly<Record<string, number>> = {
  "||": 1,
  "&&": 2,
  "|": 3,
  "^": 4,
  "&": 5,
  "==": 6,
  "!=": 6,
  "<": 7,
  ">": 7,
  "<=": 7,
  ">=": 7,
  "<<": 8,
  ">>": 8,
  "+": 9,
  "-": 9,
  "*": 10,
  "/": 10,
  "%": 10,
};
const COMPARISONS = new Set(["==", "!=", "<", ">", "<=", ">=", "&&", "||"]);
const isFloat = (type: ScalarType) => type === "f32" || type === "f16" || type === "float";

/** The value of a constant expression; an OptionError names what is not constant in it. */
export function evaluate(expression: string, environment: ConstEnvironment): Scalar {
  const tokens = scan(expression).filter((t) => t.kind !== "comment");
  let at = 0;
  const fail = (why: string): never => {
    throw new OptionError(`constant expression "${expression}": ${why}`);
  };
  const expect = (text: string) => {
    if (tokens[at]?.text !== text) fail(`expected ${text}, found ${tokens[at]?.text ?? "the end"}`);
    at++;
  };
  const call = (name: string): Scalar => {
    const args: Scalar[] = [];
    expect("(");
    while (tokens[at] && tokens[at]!.text !== ")") {
      args.push(binary(1));
      if (tokens[at]?.text === ",") at++;
    }
    expect(")");
    return callBuiltin(name, args) ?? fail(`function ${name} is not known`);
  };
  const primary = (): Scalar => {
    const token: Token = tokens[at++] ?? fail("it ends too early");
    if (token.kind === "number") return parseNumber(token.text);
    if (token.text === "(") {
      const inner = binary(1);
      expect(")");
      return inner;
    }
    if (token.text === "-" || token.text === "!") {
      const { value, type } = primary();
      return token.text === "-" ? { value: -Number(value), type } : { value: !value, type };
    }
    if (token.text === "true" || token.text === "false")
      return { value: token.text === "true", type: "bool" };
    if (token.kind !== "name") return fail(`unexpected ${token.text}`);
    if (tokens[at]?.text === "(") return call(token.text);
    return environment.get(token.text) ?? fail(`${token.text} is not a const of this shader`);
  };
  const binary = (lowest: number): Scalar => {
    let left = primary();
    for (;;) {
      const operator = tokens[at]?.text ?? "";
      const precedence = PRECEDENCE[operator];
      if (precedence === undefined || precedence < lowest) return left;
      at++;
      left = combine(operator, left, binary(precedence + 1));
    }
  };
  const result = binary(1);
  if (at < tokens.length) fail(`unexpected ${tokens[at]!.text}`);
  return result;
}

function parseNumber(text: string): Scalar {
  const hex = /^0x/i.test(text);
  const suffix = (hex ? /[iu]$/ : /[iufh]$/).exec(text)?.[0] ?? "";
  const value = Number(text.slice(0, text.length - suffix.length));
  if (suffix === "u") return { value, type: "u32" };
  if (suffix === "i") return { value, type: "i32" };
  if (suffix === "f") return { value, type: "f32" };
  if (suffix === "h") return { value, type: "f16" };
  return { value, type: !hex && /[.eE]/.test(text) ? "float" : "int" };
}

function combine(operator: string, a: Scalar, b: Scalar): Scalar {
  const type = a.type === "int" || (a.type === "float" && isFloat(b.type)) ? b.type : a.type;
  const [x, y] = [Number(a.value), Number(b.value)];
  const wrap = (v: number) => (type === "u32" ? v >>> 0 : v | 0);
  switch (operator) {
    case "+":
      return { value: x + y, type };
    case "-":
      return { value: x - y, type };
    case "*":
      return { value: x * y, type };
    case "/":
      return { value: isFloat(type) ? x / y : Math.trunc(x / y), type };
    case "%":
      return { value: x % y, type };
    case "<<":
      return { value: wrap(x << y), type: a.type };
    case ">>":
      return { value: a.type === "u32" ? x >>> y : x >> y, type: a.type };
    case "&":
      return { value: wrap(x & y), type };
    case "|":
      return { value: wrap(x | y), type };
    case "^":
      return { value: wrap(x ^ y), type };
  }
  return { value: compare(operator, x, y), type: COMPARISONS.has(operator) ? "bool" : type };
}

function compare(operator: string, x: number, y: number): boolean {
  switch (operator) {
    case "==":
      return x === y;
    case "!=":
      return x !== y;
    case "<":
      return x < y;
    case ">":
      return x > y;
    case "<=":
      return x <= y;
    case ">=":
      return x >= y;
    case "&&":
      return x !== 0 && y !== 0;
    default:
      return x !== 0 || y !== 0;
  }
}

function callBuiltin(name: string, args: readonly Scalar[]): Scalar | null {
  const values = args.map((a) => Number(a.value));
  const type = args.find((a) => a.type !== "int")?.type ?? "int";
  if (name === "min") return { value: Math.min(...values), type };
  if (name === "max") return { value: Math.max(...values), type };
  if (name === "select" && args.length === 3) return args[2]!.value ? args[1]! : args[0]!;
  if (name === "u32") return { value: Math.trunc(values[0]!) >>> 0, type: "u32" };
  if (name === "i32") return { value: Math.trunc(values[0]!) | 0, type: "i32" };
  if (name === "f32" || name === "f16") return { value: values[0]!, type: name };
  if (name === "bool") return { value: values[0] !== 0, type: "bool" };
  return null;
}

/** The scalar type of a declared `const` or `override`: as declared, else that of its value. */
export function typed(scalar: Scalar, declared: string): Scalar {
  return declared === "" ? scalar : { value: scalar.value, type: declared as ScalarType };
}

/** The top-level consts that are scalars, in order, each evaluated with those before it. */
export function constEnvironment(code: string, decls: readonly Declaration[]): Map<string, Scalar> {
  const environment = new Map<string, Scalar>();
  for (const decl of decls) {
    if (decl.kind !== "const" || !decl.value) continue;
    try {
      environment.set(
        decl.name,
        typed(evaluate(code.slice(decl.value.start, decl.value.end), environment), decl.type),
      );
    } catch (error) {
      // Vectors and arrays are no scalars: they cannot be replaced, nor bound a loop.
      if (!(error instanceof OptionError)) throw error;
    }
  }
  return environment;
}

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  u32: [0, 0xffffffff],
  i32: [-0x80000000, 0x7fffffff],
  int: [-0x80000000, 0xffffffff],
};

/** A value as WGSL text of the given type; an OptionError where it does not fit. `name` is for the message. */
export function literal(value: number | boolean, type: ScalarType, name: string): string {
  if (type === "bool") {
    if (typeof value !== "boolean") throw new OptionError(`specialise: ${name} is a bool, got ${value}`);
    return String(value);
  }
  if (typeof value !== "number")
    throw new OptionError(`specialise: ${name} is a number (${type}), got ${value}`);
  const range = RANGES[type];
  if (range) {
    if (!Number.isInteger(value) || value < range[0] || value > range[1]) {
      throw new OptionError(`specialise: ${name} must be an integer in [${range}] (${type}), got ${value}`);
    }
    return signed(value, `${Math.abs(value)}${type === "u32" ? "u" : type === "i32" ? "i" : ""}`);
  }
  if (!Number.isFinite(type === "f32" ? Math.fround(value) : value)) {
    throw new OptionError(
      `specialise: ${name} must be finite (${type}), got ${value}: WGSL has no such constant`,
    );
  }
  const text = String(Math.abs(value));
  const decimal = /[.e]/.test(text) ? text : `${text}.0`;
  return signed(value, decimal + (type === "f32" ? "f" : type === "f16" ? "h" : ""));
}

// In brackets: `x - -1` and `x--1` must not meet.
const signed = (value: number, magnitude: string) => (value < 0 ? `(-${magnitude})` : magnitude);
