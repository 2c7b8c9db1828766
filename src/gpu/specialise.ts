// From a shader and the choices of a caller to the final WGSL text: constants, types and hooks replaced, `// @unroll`
// loops written out. Pure string work: no cache (the caller's), no GPU object.
import { OptionError } from "./errors.ts";
import { storeAsHalf } from "./half_storage.ts";
import type { AliasName, ConstantName, EntryName, HookName, Shader } from "./shader.ts";
import { unroll } from "./unroll.ts";
import { constEnvironment, literal } from "./wgsl_const.ts";
import { type Declaration, declarations, lineAt } from "./wgsl_scan.ts";

export interface SpecialiseOptions<S extends Shader = Shader> {
  readonly entry?: EntryName<S>;
  /** Values of overrides and of top-level consts, by name. */
  readonly constants?: Readonly<Partial<Record<ConstantName<S>, number | boolean>>>;
  /** Types for aliases: `{ T: "i32" }`. */
  readonly types?: Readonly<Partial<Record<AliasName<S>, string>>>;
  /** Full replacement text of functions, by name. */
  readonly hooks?: Readonly<Partial<Record<HookName<S>, string>>>;
  /** Text put after everything: functions and bindings that the hooks use. */
  readonly append?: string;
  /** Bindings, those of `append` too, whose f32 elements are stored as f16. */
  readonly half?: readonly string[];
}

export interface Specialised {
  readonly code: string;
  /** For the pipeline's `constants`. */
  readonly overrides: Readonly<Record<string, number>>;
  /** Line of the shader's text (from 1) that each line of `code` came from; 0 for appended text. */
  readonly lines: readonly number[];
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The final text of a shader. Errors (OptionError): a constant, type, hook or entry that the shader does not have,
 * a value outside its type, a replacement that does not define its function, a loop that cannot be unrolled.
 */
export function specialise<const S extends Shader>(
  shader: S,
  options: SpecialiseOptions<S> = {},
): Specialised {
  const known = (what: string, name: string, names: readonly string[]) => {
    if (names.includes(name)) return;
    throw new OptionError(
      `specialise: ${shader.file} has no ${what} ${name}; it has ${names.join(", ") || "none"}`,
    );
  };
  const constants = given<number | boolean>(options.constants);
  const types = given<string>(options.types);
  const hooks = given<string>(options.hooks);
  if (options.entry !== undefined) known("entry point", options.entry, Object.keys(shader.entries));
  const constantNames = [...Object.keys(shader.overrides), ...Object.keys(shader.consts)];
  for (const [name] of constants) known("constant", name, constantNames);
  for (const [name] of types) known("type alias", name, Object.keys(shader.aliases));
  for (const [name] of hooks) known("hook", name, shader.hooks);

  const decls = declarations(shader.code);
  const find = (kind: Declaration["kind"], name: string) =>
    decls.find((d) => d.kind === kind && d.name === name)!;
  const environment = constEnvironment(shader.code, decls);
  const edits: Edit[] = [];
  const overrides: Record<string, number> = {};
  for (const [name, value] of constants) {
    if (name in shader.overrides) {
      overrides[name] = overrideValue(name, value, find("override", name), shader.overrides[name] ?? null);
    } else {
      edits.push({ ...find("const", name).value!, text: literal(value, environment.get(name)!.type, name) });
    }
  }
  for (const [name, type] of types) edits.push({ ...find("alias", name).value!, text: typeName(name, type) });
  for (const [name, text] of hooks) {
    const { start, end } = find("fn", name);
    edits.push({ start, end, text: hookText(name, text) });
  }
  const edited = applyEdits(shader.code, edits);
  const { code, lines } = unroll(edited.code, edited.lines, shader.file);
  const text = options.append ? `${code}\n${options.append}` : code;
  const stored = storeAsHalf(text, options.half ?? [], shader.file);
  const f16 = stored !== text || types.some(([, type]) => /\bf16\b/.test(type));
  const added = stored.split("\n").length - code.split("\n").length;
  const enable = f16 ? "enable f16; " : "";
  return { code: enable + stored, overrides, lines: [...lines, ...new Array<number>(added).fill(0)] };
}

const given = <V>(record: Readonly<Record<string, V | undefined>> | undefined): [string, V][] =>
  Object.entries(record ?? {}).filter((e): e is [string, V] => e[1] !== undefined);

function overrideValue(
  name: string,
  value: number | boolean,
  decl: Declaration,
  fallback: number | boolean | null,
) {
  const type = decl.type || (typeof fallback === "boolean" ? "bool" : "float");
  // The range check of a literal of the same type: WebGPU would only say that the pipeline is invalid.
  literal(value, type as "u32", name);
  return Number(value);
}

function typeName(alias: string, type: string): string {
  if (/^[A-Za-z]\w*(\s*<[\w\s,<>]+>)?$/.test(type)) return type;
  throw new OptionError(`specialise: type ${alias} must be the name of a WGSL type, got "${type}"`);
}

function hookText(name: string, text: string): string {
  if (declarations(text).some((d) => d.kind === "fn" && d.name === name)) return text;
  throw new OptionError(`specialise: the replacement of hook ${name} must define fn ${name}, got "${text}"`);
}

function applyEdits(code: string, edits: readonly Edit[]): { code: string; lines: number[] } {
  const lines: number[] = [1];
  let text = "";
  let from = 0;
  const copy = (piece: string, line: number, follows: boolean) => {
    text += piece;
    for (let n = 1; n < piece.split("\n").length; n++) lines.push(follows ? line + n : line);
  };
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    copy(code.slice(from, edit.start), lineAt(code, from), true);
    copy(edit.text, lineAt(code, edit.start), false);
    from = edit.end;
  }
  copy(code.slice(from), lineAt(code, from), true);
  return { code: text, lines };
}

/** Text of the named scalar functions and of all that they call, each once, for `append`. */
export function scalarCode<F extends Readonly<Record<string, { code: string; calls: readonly string[] }>>>(
  functions: F,
  names: readonly (keyof F & string)[],
): string {
  const taken = new Set<string>();
  const take = (name: string) => {
    if (taken.has(name)) return;
    const found = functions[name];
    if (!found)
      throw new OptionError(
        `scalarCode: no scalar function ${name}; there are ${Object.keys(functions).join(", ")}`,
      );
    taken.add(name);
    found.calls.forEach(take);
  };
  names.forEach(take);
  return [...taken].map((name) => functions[name]!.code).join("\n");
}

/** The scalar function of an op for an element type: `op_lt_f32` where there is one, else the general `op_lt`. */
export function scalarName(functions: Readonly<Record<string, unknown>>, op: string, type: string): string {
  const name = [`op_${op}_${type}`, `op_${op}`].find((n) => n in functions);
  if (name === undefined)
    throw new OptionError(`scalarName: no scalar function op_${op}; see shaders/scalar/`);
  return name;
}
