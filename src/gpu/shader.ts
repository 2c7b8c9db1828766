// What is known of a WGSL file once it is reflected (`npm run shaders` -> shaders.gen/): text, bindings, parameters
// and everything that specialise.ts may change. Pure data: no GPU object.

/** A storage buffer of the shader: all stand in group 0. */
export interface ShaderBinding {
  readonly binding: number;
  readonly access: "read" | "read_write";
  /** Element type as written: `f32`, `T`, `vec4<f32>`, `atomic<u32>`. */
  readonly type: string;
}

/** A 4-byte scalar of the uniform `params`. */
export interface ShaderParam {
  readonly type: "u32" | "i32" | "f32";
  readonly offset: number; // bytes
}

/** An entry point; each dimension is a number or the WGSL expression (mostly the name of an override or const). */
export interface ShaderEntry {
  readonly workgroupSize: readonly [number | string, number | string, number | string];
}

/** A reflected shader. The generated ones are typed by their literals, so a wrong name does not compile. */
export interface Shader {
  /** Path below shaders/, as `softmax.wgsl`. */
  readonly file: string;
  /** The file's text with its imports appended: its own lines keep their numbers. */
  readonly code: string;
  readonly bindings: Readonly<Record<string, ShaderBinding>>;
  readonly params: Readonly<Record<string, ShaderParam>>;
  /** Binding number of the uniform; null where the shader has none. */
  readonly paramsBinding: number | null;
  /** Size of the uniform, a multiple of 4 (bind at least 16 bytes where it is smaller); 0 without one. */
  readonly paramsBytes: number;
  /** `override` constants and their defaults (null: must be given). They go to the pipeline by name. */
  readonly overrides: Readonly<Record<string, number | boolean | null>>;
  /** Top-level scalar `const`s and their values. Replaced in the text. */
  readonly consts: Readonly<Record<string, number | boolean>>;
  /** `alias T = f32;` -> `{ T: "f32" }`. Replaced in the text. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly entries: Readonly<Record<string, ShaderEntry>>;
  /** Functions that can be replaced wholesale: all but the entry points. */
  readonly hooks: readonly string[];
  /** `// @variant TM=8 T=i32` lines: further specialisations that the tests compile. */
  readonly variants: readonly ShaderVariant[];
}

/** Constants and types of one `// @variant` line. */
export interface ShaderVariant {
  readonly entry?: string;
  readonly constants: Readonly<Record<string, number | boolean>>;
  readonly types: Readonly<Record<string, string>>;
}

/** Names of a shader's constants (overrides and consts), entry points, hooks. */
export type ConstantName<S extends Shader> = (keyof S["overrides"] | keyof S["consts"]) & string;
export type EntryName<S extends Shader> = keyof S["entries"] & string;
export type HookName<S extends Shader> = S["hooks"][number];
export type AliasName<S extends Shader> = keyof S["aliases"] & string;
export type BindingName<S extends Shader> = keyof S["bindings"] & string;
export type ParamName<S extends Shader> = keyof S["params"] & string;

/** One function of shaders/scalar/. */
export interface ScalarFunction {
  readonly code: string;
  /** Other scalar functions that it calls, directly. */
  readonly calls: readonly string[];
  /** Number of arguments. */
  readonly args: number;
  /** Types of the arguments and of the result, as written (`T` follows the kernel's alias). */
  readonly types: readonly string[];
  readonly returns: string;
}
