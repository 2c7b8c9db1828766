// One WGSL file -> the data of src/gpu/shader.ts, with the conventions checked: all bindings in group 0, at most 8
// storage buffers, the uniform `params` last and of 4-byte scalars only. Errors name file and line.
import { type StructInfo, WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import type {
  ScalarFunction,
  Shader,
  ShaderBinding,
  ShaderEntry,
  ShaderParam,
  ShaderVariant,
} from "../src/gpu/shader.ts";
import { constEnvironment, evaluate } from "../src/gpu/wgsl_const.ts";
import { type Declaration, declarations, lineAt, scan } from "../src/gpu/wgsl_scan.ts";

const MAX_STORAGE_BUFFERS = 8; // WebGPU's default maxStorageBuffersPerShaderStage

/** A file that breaks the conventions: `shaders/softmax.wgsl:12: ...`. */
export class ShaderFileError extends Error {
  constructor(file: string, line: number, why: string) {
    super(`shaders/${file}:${line}: ${why}`);
  }
}

/** A shader's text with its imports appended, and which file each line came from. */
export interface Source {
  readonly file: string;
  readonly code: string;
  readonly origin: readonly { file: string; line: number }[];
}

const IMPORT = /^\s*\/\/\s*import\s+(\S+)\s*$/;

/** Appends what `// import x.wgsl` names, transitively, each file once. Names are relative to shaders/. */
export function withImports(file: string, files: readonly string[], read: (file: string) => string): Source {
  const order = [file];
  const texts: string[] = [];
  const origin: { file: string; line: number }[] = [];
  for (const current of order) {
    const text = read(current).replace(/\n$/, "");
    text.split("\n").forEach((line, i) => {
      origin.push({ file: current, line: i + 1 });
      if (current !== file && /^\s*enable\b/.test(line))
        throw new ShaderFileError(
          current,
          i + 1,
          "is imported: `enable` belongs in the importing file, in front",
        );
      const wanted = IMPORT.exec(line)?.[1];
      if (!wanted) return;
      if (!files.includes(wanted))
        throw new ShaderFileError(current, i + 1, `imports ${wanted}, which does not exist`);
      if (!order.includes(wanted)) order.push(wanted);
    });
    texts.push(text);
  }
  return { file, code: texts.join("\n") + "\n", origin };
}

/** The data of a shader; null for a library (no entry point). */
export function reflectShader(source: Source): Shader | null {
  const decls = declarations(source.code);
  const fail = (place: number, why: string): never => {
    const at = source.origin[lineAt(source.code, place) - 1] ?? { file: source.file, line: 1 };
    throw new ShaderFileError(at.file, at.line, why);
  };
  const entryDecls = decls.filter((d) => d.kind === "fn" && /@\s*compute\b/.test(d.attributes));
  if (entryDecls.length === 0) return null;
  const seen = new Map<string, Declaration>();
  for (const d of decls) {
    if (seen.has(d.name)) fail(d.start, `${d.name} is declared twice`);
    seen.set(d.name, d);
  }
  const reflected = parse(source, decls, fail);
  const bindings = reflectBindings(reflected, decls, fail);
  const shader = {
    file: source.file,
    code: source.code,
    bindings,
    ...reflectParams(reflected, decls, Object.keys(bindings).length, fail),
    ...reflectConstants(source.code, decls, fail),
    entries: Object.fromEntries(entryDecls.map((d) => [d.name, reflectEntry(d, fail)])),
    hooks: decls.filter((d) => d.kind === "fn" && !entryDecls.includes(d)).map((d) => d.name),
  };
  return { ...shader, variants: reflectVariants(source.code, fail) };
}

type Fail = (place: number, why: string) => never;

// Declarations only: wgsl_reflect 1.6.0 stumbles over valid expressions (`a / (b * c) % d`), and bodies tell it nothing.
function parse(source: Source, decls: readonly Declaration[], fail: Fail): WgslReflect {
  let code = source.code;
  for (const d of decls) {
    if (d.kind !== "fn" || !d.value) continue;
    const body = code.slice(d.value.start + 1, d.value.end - 1);
    code = code.slice(0, d.value.start + 1) + body.replace(/[^\n]/g, " ") + code.slice(d.value.end - 1);
  }
  try {
    return new WgslReflect(code);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const line = Number(/line[: ]+(\d+)/i.exec(message)?.[1] ?? 1);
    const place =
      source.code
        .split("\n")
        .slice(0, line - 1)
        .join("\n").length + 1;
    return fail(place, `does not parse: ${message}`);
  }
}

function reflectBindings(
  reflected: WgslReflect,
  decls: readonly Declaration[],
  fail: Fail,
): Record<string, ShaderBinding> {
  const bindings: Record<string, ShaderBinding> = {};
  const other = [...reflected.textures, ...reflected.samplers][0];
  if (other)
    fail(place(decls, other.name), `${other.name}: only storage buffers and the uniform params are used`);
  for (const v of [...reflected.storage].sort((a, b) => a.binding - b.binding)) {
    const at = place(decls, v.name);
    if (v.group !== 0) fail(at, `${v.name} stands in group ${v.group}: all bindings belong in group 0`);
    if (v.access !== "read" && v.access !== "read_write") fail(at, `${v.name} must be read or read_write`);
    if (v.binding !== Object.keys(bindings).length)
      fail(at, `${v.name} has binding ${v.binding}: number them from 0 without gaps`);
    const type = decls.find((d) => d.kind === "var" && d.name === v.name)!.type;
    const element = /^array\s*<(.*)>$/s.exec(type)?.[1]?.trim() ?? type;
    bindings[v.name] = { binding: v.binding, access: v.access as "read" | "read_write", type: element };
    if (v.binding >= MAX_STORAGE_BUFFERS)
      fail(at, `${v.name} is storage buffer ${v.binding + 1} of at most ${MAX_STORAGE_BUFFERS}`);
  }
  return bindings;
}

const place = (decls: readonly Declaration[], name: string) => decls.find((d) => d.name === name)?.start ?? 0;

function reflectParams(reflected: WgslReflect, decls: readonly Declaration[], after: number, fail: Fail) {
  const params: Record<string, ShaderParam> = {};
  const [uniform, second] = reflected.uniforms;
  if (!uniform) return { params, paramsBinding: null, paramsBytes: 0 };
  if (second) fail(place(decls, second.name), `${second.name} is a second uniform: there is one, params`);
  const at = place(decls, uniform.name);
  if (uniform.name !== "params") fail(at, `the uniform must be named params, not ${uniform.name}`);
  if (uniform.group !== 0)
    fail(at, "params stands in group " + uniform.group + ": all bindings belong in group 0");
  if (uniform.binding !== after)
    fail(at, `params has binding ${uniform.binding}: it comes last, at ${after}`);
  if (!uniform.type.isStruct) fail(at, "params must be a struct of 4-byte scalars");
  const struct = uniform.type as StructInfo;
  for (const member of struct.members) {
    const type = member.type.name;
    if (type !== "u32" && type !== "i32" && type !== "f32") {
      return fail(place(decls, struct.name), `params.${member.name} is ${type}: only u32, i32 and f32`);
    }
    params[member.name] = { type, offset: member.offset };
  }
  return { params, paramsBinding: uniform.binding, paramsBytes: struct.size };
}

function reflectConstants(code: string, decls: readonly Declaration[], fail: Fail) {
  const environment = constEnvironment(code, decls);
  const overrides: Record<string, number | boolean | null> = {};
  const consts: Record<string, number | boolean> = {};
  const aliases: Record<string, string> = {};
  for (const d of decls) {
    const text = d.value ? code.slice(d.value.start, d.value.end) : "";
    if (d.kind === "alias") aliases[d.name] = text;
    if (d.kind === "const" && environment.has(d.name)) consts[d.name] = environment.get(d.name)!.value;
    if (d.kind !== "override") continue;
    if (d.attributes !== "")
      fail(d.start, `override ${d.name}: overrides go by name, without ${d.attributes}`);
    overrides[d.name] = d.value ? overrideDefault(text, environment, overrides) : null;
  }
  return { overrides, consts, aliases };
}

function overrideDefault(
  text: string,
  environment: ReturnType<typeof constEnvironment>,
  overrides: Readonly<Record<string, number | boolean | null>>,
): number | boolean | null {
  const all = new Map(environment);
  for (const [name, value] of Object.entries(overrides)) {
    if (value !== null) all.set(name, { value, type: typeof value === "boolean" ? "bool" : "int" });
  }
  return evaluate(text, all).value;
}

function reflectEntry(decl: Declaration, fail: Fail): ShaderEntry {
  const size = /@\s*workgroup_size\s*\(([^)]*)\)/.exec(decl.attributes)?.[1];
  if (size === undefined) return fail(decl.start, `${decl.name} has no @workgroup_size`);
  const parts = size
    .split(",")
    .map((p) => p.trim())
    .filter((p) => p !== "");
  const dimension = (i: number) => {
    const part = parts[i] ?? "1";
    return /^\d+[iu]?$/.test(part) ? Number.parseInt(part, 10) : part;
  };
  return { workgroupSize: [dimension(0), dimension(1), dimension(2)] };
}

/** `// @variant entry=main TM=8 HAS_BIAS=true T=i32`: lower-case `entry`, types by their WGSL name, else numbers. */
function reflectVariants(code: string, fail: Fail): ShaderVariant[] {
  const variants: ShaderVariant[] = [];
  for (const token of scan(code)) {
    const text = token.kind === "comment" ? /^\/\/\s*@variant\s+(.*)$/.exec(token.text)?.[1] : undefined;
    if (text === undefined) continue;
    const variant = {
      constants: {} as Record<string, number | boolean>,
      types: {} as Record<string, string>,
      entry: "",
    };
    for (const pair of text.trim().split(/\s+/)) {
      const [name, value] = pair.split("=");
      if (!name || !value) return fail(token.start, `@variant: expected NAME=VALUE, found "${pair}"`);
      if (name === "entry") variant.entry = value;
      else if (value === "true" || value === "false") variant.constants[name] = value === "true";
      else if (Number.isFinite(Number(value))) variant.constants[name] = Number(value);
      else variant.types[name] = value;
    }
    const { entry, ...rest } = variant;
    variants.push(entry === "" ? rest : { entry, ...rest });
  }
  return variants;
}

/** The functions of the scalar library, by name. It may hold aliases and functions only. */
export function reflectScalars({ code, origin }: Source): Record<string, ScalarFunction> {
  const decls = declarations(code);
  const names = new Set(decls.filter((d) => d.kind === "fn").map((d) => d.name));
  const functions: Record<string, ScalarFunction> = {};
  const refuse = (at: number, rule: string): never => {
    const { file, line } = origin[lineAt(code, at) - 1];
    throw new ShaderFileError(file, line, rule);
  };
  for (const d of decls) {
    if (d.kind === "alias") continue;
    if (d.kind !== "fn") refuse(d.start, `${d.kind} ${d.name}: only functions and aliases`);
    if (functions[d.name]) refuse(d.start, `${d.name} is declared twice`);
    const body = scan(code.slice(d.value!.start, d.value!.end));
    const calls = new Set(body.filter((t) => t.kind === "name" && names.has(t.text)).map((t) => t.text));
    if (calls.has(d.name)) refuse(d.start, `${d.name} calls itself`);
    functions[d.name] = {
      code: code.slice(d.start, d.end),
      calls: [...calls],
      args: d.args.length,
      types: d.args,
      returns: d.type,
    };
  }
  return functions;
}
