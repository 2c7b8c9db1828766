// A WGSL text as it stands -> the data of shader.ts, while the program runs: users' own kernels. Reads declarations only; the
// compiler judges the bodies. The library's own files are reflected when it is built: scripts/reflect.ts.

import { OptionError, ShaderError } from "./errors.ts";
import type { Shader, ShaderBinding, ShaderEntry, ShaderParam } from "./shader.ts";
import { constEnvironment, evaluate, type Scalar } from "./wgsl_const.ts";
import { type Declaration, declarations, lineAt, scan } from "./wgsl_scan.ts";

const MAX_STORAGE_BUFFERS = 8; // WebGPU's default maxStorageBuffersPerShaderStage
const SCALAR_BYTES = 4;

type Fail = (place: number, why: string) => never;
type Constants = Record<string, number | boolean | null>;

/**
 * Bindings, params, constants, types and entry points of a WGSL text.
 *
 * @throws ShaderError, with file and line, for a text that breaks the conventions: all bindings in group 0, numbered from 0,
 *   at most 8 storage buffers, then one uniform `params`, a struct of u32, i32 and f32; an entry point with @workgroup_size
 */
export function reflect(code: string, file: string): Shader {
  const decls = declarations(code);
  const fail: Fail = (place, why) => {
    const line = lineAt(code, place);
    throw new ShaderError(`${file}:${line}: ${why}`, file, line, code.split("\n")[line - 1]?.trim() ?? "");
  };
  const seen = new Set<string>();
  for (const d of decls) {
    if (seen.has(d.name)) fail(d.start, `${d.name} is declared twice`);
    seen.add(d.name);
  }
  const entries = decls.filter((d) => d.kind === "fn" && /@\s*compute\b/.test(d.attributes));
  if (entries.length === 0) fail(0, "no entry point: a kernel needs an @compute function");
  const buffers = decls.filter((d) => d.kind === "var" && /@\s*(group|binding)\b/.test(d.attributes));
  const storage = buffers.filter((d) => /^var\s*<\s*storage\b/.test(code.slice(kindAt(code, d))));
  const bindings = bindingsOf(code, storage, fail);
  return {
    file,
    code,
    bindings,
    ...paramsOf(
      code,
      decls,
      buffers.filter((d) => !storage.includes(d)),
      storage.length,
      fail,
    ),
    ...constantsOf(code, decls, fail),
    entries: Object.fromEntries(entries.map((d) => [d.name, entryOf(d, fail)])),
    hooks: decls.filter((d) => d.kind === "fn" && !entries.includes(d)).map((d) => d.name),
    variants: [],
  };
}

/** Where the keyword stands, behind the attributes. */
const kindAt = (code: string, d: Declaration): number =>
  code.indexOf(d.kind, d.start + (d.attributes === "" ? 0 : d.attributes.length));

function attribute(d: Declaration, name: string, fail: Fail): number {
  const value = new RegExp(`@\\s*${name}\\s*\\(\\s*(\\d+)[iu]?\\s*\\)`).exec(d.attributes)?.[1];
  return value === undefined ? fail(d.start, `${d.name} needs a literal @${name}(...)`) : Number(value);
}

function checkPlace(d: Declaration, binding: number, fail: Fail): void {
  const [group, at] = [attribute(d, "group", fail), attribute(d, "binding", fail)];
  if (group !== 0) fail(d.start, `${d.name} stands in group ${group}: all bindings belong in group 0`);
  if (at !== binding)
    fail(
      d.start,
      `${d.name} has binding ${at}, expected ${binding}: buffers from 0 without gaps, params last`,
    );
}

function bindingsOf(
  code: string,
  storage: readonly Declaration[],
  fail: Fail,
): Record<string, ShaderBinding> {
  const numbered = storage.map((d) => ({ d, at: attribute(d, "binding", fail) }));
  const found: Record<string, ShaderBinding> = {};
  numbered.sort((a, b) => a.at - b.at);
  numbered.forEach(({ d }, binding) => {
    checkPlace(d, binding, fail);
    if (binding >= MAX_STORAGE_BUFFERS)
      fail(d.start, `${d.name} is storage buffer ${binding + 1} of at most ${MAX_STORAGE_BUFFERS}`);
    const space = /^var\s*<\s*storage\s*(?:,\s*(\w+)\s*)?>/.exec(code.slice(kindAt(code, d)));
    const access = space?.[1] ?? "read";
    if (access !== "read" && access !== "read_write")
      fail(d.start, `${d.name} must be read or read_write, not ${access}`);
    found[d.name] = {
      binding,
      access: access as "read",
      type: /^array\s*<(.*)>$/s.exec(d.type)?.[1]?.trim() ?? d.type,
    };
  });
  return found;
}

function paramsOf(
  code: string,
  decls: readonly Declaration[],
  others: readonly Declaration[],
  binding: number,
  fail: Fail,
): Pick<Shader, "params" | "paramsBinding" | "paramsBytes"> {
  const params: Record<string, ShaderParam> = {};
  const wrong = others.find((d) => !/^var\s*<\s*uniform\s*>/.test(code.slice(kindAt(code, d))));
  if (wrong) fail(wrong.start, `${wrong.name}: only storage buffers and the uniform params are used`);
  const [uniform, second] = others;
  if (!uniform) return { params, paramsBinding: null, paramsBytes: 0 };
  if (second) fail(second.start, `${second.name} is a second uniform: there is one, params`);
  if (uniform.name !== "params") fail(uniform.start, `the uniform must be named params, not ${uniform.name}`);
  checkPlace(uniform, binding, fail);
  const struct = decls.find((d) => d.kind === "struct" && d.name === uniform.type);
  if (!struct) return fail(uniform.start, "params must be a struct of 4-byte scalars");
  const body = scan(code.slice(struct.start, struct.end)).filter((t) => t.kind !== "comment");
  const inside = body.slice(body.findIndex((t) => t.text === "{") + 1, -1).map((t) => t.text);
  for (let i = 0; i < inside.length; i++) {
    const [name, colon, type] = inside.slice(i, i + 3);
    if (colon !== ":" || (type !== "u32" && type !== "i32" && type !== "f32"))
      return fail(struct.start, `params.${name} is ${type}: only u32, i32 and f32, without attributes`);
    params[name] = { type, offset: SCALAR_BYTES * Object.keys(params).length };
    i += 3; // at the comma
  }
  return { params, paramsBinding: binding, paramsBytes: SCALAR_BYTES * Object.keys(params).length };
}

function constantsOf(code: string, decls: readonly Declaration[], fail: Fail) {
  const environment = constEnvironment(code, decls);
  const overrides: Constants = {};
  const consts: Record<string, number | boolean> = {};
  const aliases: Record<string, string> = {};
  const known = new Map<string, Scalar>(environment);
  for (const d of decls) {
    const text = d.value ? code.slice(d.value.start, d.value.end) : "";
    if (d.kind === "alias") aliases[d.name] = text;
    if (d.kind === "const" && environment.has(d.name)) consts[d.name] = environment.get(d.name)!.value;
    if (d.kind !== "override") continue;
    if (d.attributes !== "")
      fail(d.start, `override ${d.name}: overrides go by name, without ${d.attributes}`);
    overrides[d.name] = d.value ? defaultOf(text, known, d, fail) : null;
    const value = overrides[d.name];
    if (value !== null) known.set(d.name, { value, type: typeof value === "boolean" ? "bool" : "int" });
  }
  return { overrides, consts, aliases };
}

function defaultOf(
  text: string,
  known: ReadonlyMap<string, Scalar>,
  d: Declaration,
  fail: Fail,
): number | boolean {
  try {
    return evaluate(text, known).value;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    return fail(d.start, `override ${d.name}: ${error.message}`);
  }
}

function entryOf(d: Declaration, fail: Fail): ShaderEntry {
  const size = /@\s*workgroup_size\s*\(([^)]*)\)/.exec(d.attributes)?.[1];
  if (size === undefined) return fail(d.start, `${d.name} has no @workgroup_size`);
  const parts = size.split(",").map((p) => p.trim());
  const dimension = (i: number) => {
    const part = parts[i] || "1";
    return /^\d+[iu]?$/.test(part) ? Number.parseInt(part, 10) : part;
  };
  return { workgroupSize: [dimension(0), dimension(1), dimension(2)] };
}
