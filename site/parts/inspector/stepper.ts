// Runs one invocation of a kernel again on the CPU, statement by statement (wgsl_reflect's WgslDebug), on what its bindings held.
// Kernels with barriers cannot be run alone: the worker then gives a simpler rung of the ladder that computes the same.

import { WgslDebug } from "wgsl_reflect/wgsl_reflect.module.js";
import type { SteppedInvocation } from "../../engine/protocol.ts";
import { interpretable, MARK } from "./interpretable.ts";

export interface SteppedVariable {
  readonly name: string;
  /** A number, a vector's, or of an array the first ones. */
  readonly value: number | readonly number[];
}

const MOST_ELEMENTS = 64;
/** Statements between two looks at the clock. */
const BETWEEN_LOOKS = 200;

export class ShaderStepper {
  private readonly debug: WgslDebug;
  private readonly buffers = new Map<string, ArrayBuffer>();
  /** Names of the module: bindings, constants, functions. */
  private readonly outside: ReadonlySet<string>;
  private over = false;
  steps = 0;

  /** @throws Error for a text that the interpreter cannot read */
  constructor(private readonly stepped: SteppedInvocation) {
    const { view, data, invocation } = stepped;
    this.debug = new WgslDebug(interpretable(view.wgsl));
    const group: Record<string, ArrayBuffer | { uniform: ArrayBuffer }> = {};
    for (const b of data.bindings) {
      const buffer = bufferOf(b);
      this.buffers.set(b.name, buffer);
      group[b.binding] = buffer;
    }
    const uniforms = data.bindings.reduce((most, b) => Math.max(most, b.binding), -1) + 1;
    if (data.params.length > 0) group[uniforms] = { uniform: paramsOf(data) };
    const started = this.debug.debugWorkgroup(
      "main",
      [...invocation],
      [...view.grid],
      { 0: group as never },
      { constants: view.overrides },
    );
    if (!started) throw new Error(`${view.file}: has no invocation ${invocation}`);
    const own = new Set(["wid", "nwg", "lid", "lane", "gid"]);
    this.outside = new Set([...this.debug.context.variables.keys()].filter((name) => !own.has(name)));
  }

  /** The line that comes next, from 1; 0 at the end. */
  get line(): number {
    return Math.max(0, this.debug.currentLine);
  }

  get done(): boolean {
    return this.over || this.debug.currentCommand === null;
  }

  /** Runs to the next statement, into functions; false at the end. */
  stepOnce(): boolean {
    if (this.done) return false;
    this.steps++;
    if (!this.debug.stepNext(true)) this.over = true;
    return !this.over;
  }

  /** Steps until another line comes, or so many times. */
  stepLine(most = 10_000): boolean {
    const from = this.line;
    let goes = true;
    for (let i = 0; i < most && goes; i++) {
      goes = this.stepOnce();
      if (this.line !== from) break;
    }
    return goes;
  }

  /** To the end, or until a line comes next; true when it has got there, false where the time was too short. */
  run(to: number | null, ms: number): boolean {
    const until = performance.now() + ms;
    do {
      for (let i = 0; i < BETWEEN_LOOKS; i++) {
        if (!this.stepOnce()) return true;
        if (this.line === to) return true;
      }
    } while (performance.now() < until);
    return false;
  }

  /** Those of the function at hand, innermost last. */
  get variables(): readonly SteppedVariable[] {
    const found = new Map<string, SteppedVariable["value"]>();
    const scopes = [];
    for (let c: typeof this.debug.context | null = this.debug.context; c; c = c.parent) scopes.unshift(c);
    for (const { variables } of scopes)
      for (const [name, { value }] of variables) {
        if (name.startsWith("@") || this.outside.has(name) || name === "no_start") continue;
        const shown = shownOf(value);
        if (shown !== null) found.set(name.split(MARK)[0], shown);
      }
    return [...found].map(([name, value]) => ({ name, value }));
  }

  /** The element of the result as it stands: 0, or what it was before, until the invocation has written it. */
  get output(): number {
    const { data, output, element } = this.stepped;
    const { type } = data.bindings.find((b) => b.name === output)!;
    return new ARRAYS[arrayType(type)](this.buffers.get(output)!)[element];
  }
}

const ARRAYS = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;
const arrayType = (type: string | null): keyof typeof ARRAYS =>
  type === "i32" || type === "f32" ? type : type === null ? "f32" : "u32";

type Data = SteppedInvocation["data"];

/** As long as the tensor, padded to whole vectors as on the device. */
function bufferOf({ shape, before }: Data["bindings"][number]): ArrayBuffer {
  const elements = shape?.reduce((n, s) => n * s, 1) ?? 0;
  const buffer = new ArrayBuffer(Math.max(16, Math.ceil(elements / 4) * 16));
  if (before) new Uint8Array(buffer).set(new Uint8Array(before.buffer, before.byteOffset, before.byteLength));
  return buffer;
}

function paramsOf({ params, paramsBytes }: Data): ArrayBuffer {
  const buffer = new ArrayBuffer(Math.max(16, Math.ceil(paramsBytes / 16) * 16));
  const view = new DataView(buffer);
  for (const { type, offset, value } of params) {
    if (type === "f32") view.setFloat32(offset, value ?? 0, true);
    else view.setUint32(offset, (value ?? 0) >>> 0, true);
  }
  return buffer;
}

/** Scalars, vectors, and arrays of the interpreter; null for what is none of them. */
function shownOf(value: unknown): SteppedVariable["value"] | null {
  const v = value as {
    value?: number;
    data?: ArrayLike<number>;
    buffer?: ArrayBuffer;
    typeInfo?: { name?: string; format?: { name?: string } };
  };
  if (typeof v.value === "number") return v.value;
  if (v.data) return Array.from(v.data);
  const of = v.typeInfo?.format?.name;
  if (v.buffer && (of === "f32" || of === "u32" || of === "i32"))
    return Array.from(new ARRAYS[of](v.buffer).subarray(0, MOST_ELEMENTS));
  return null;
}
