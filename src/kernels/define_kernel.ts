// Users' own WGSL as the typed callable that the library's kernels are: names of buffers and params are read from the text, by
// the type checker where the text is a literal, and again when the program runs. How to make an op of it: op().

import { type Kernel, kernel } from "../gpu/kernel.ts";
import { reflect } from "../gpu/reflect.ts";
import type { Shader, ShaderBinding, ShaderParam } from "../gpu/shader.ts";

export interface DefineKernelOptions {
  /** The name that errors and profiles give. Default "kernel.wgsl". */
  readonly file?: string;
}

type Trim<S extends string> = S extends ` ${infer R}` | `\n${infer R}` | `\t${infer R}`
  ? Trim<R>
  : S extends `${infer R} ` | `${infer R}\n` | `${infer R}\t`
    ? Trim<R>
    : S;

/** The text without line comments. */
type Plain<W extends string, Done extends string = ""> = W extends `${infer A}//${string}\n${infer B}`
  ? Plain<B, `${Done}${A}\n`>
  : `${Done}${W}`;

type Buffers<W extends string> = W extends `${string}var<storage${string}>${infer N}:${infer More}`
  ? Trim<N> | Buffers<More>
  : never;

type Members<B extends string> = B extends `${infer N}:${string},${infer More}`
  ? Trim<N> | Members<More>
  : B extends `${infer N}:${string}`
    ? Trim<N>
    : never;

type Params<W extends string> = W extends `${string}var<uniform>${string}:${infer T};${string}`
  ? W extends `${string}struct ${Trim<T>}${string}{${infer Body}}${string}`
    ? Members<Body>
    : never
  : never;

/** What the type checker knows of a text; constants, types and entry points are checked at run time. */
export interface DefinedShader<W extends string> extends Shader {
  readonly bindings: { readonly [K in string extends W ? string : Buffers<Plain<W>>]: ShaderBinding };
  readonly params: { readonly [K in string extends W ? string : Params<Plain<W>>]: ShaderParam };
}

/**
 * A kernel from WGSL: `run({ x, y }, { n, alpha }, { grid: grid1d(groups) })`, with buffers and params by their names in the
 * text, and `constants`, `types`, `hooks` and `entry` as options. It dispatches on the device of its tensors, eagerly or into
 * the step that `compile` records.
 *
 * The text: storage buffers from `@group(0) @binding(0)` on (at most 8, tensors in the order of their elements, bool as u32),
 * then at most one uniform `params`, a struct of u32, i32 and f32. The shaders of the library are examples.
 *
 * @throws ShaderError with file, line and text, for another layout here, for WGSL that does not compile at the next await
 */
export function defineKernel<const W extends string>(
  wgsl: W,
  { file = "kernel.wgsl" }: DefineKernelOptions = {},
): Kernel<DefinedShader<W>> {
  return kernel(reflect(wgsl, file) as DefinedShader<W>);
}
