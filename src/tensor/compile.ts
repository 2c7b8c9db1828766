// compile(fn): record what `fn` does on the GPU once per signature, then replay it: one pass, one submit, no JavaScript
// per op. Recording: recording.ts; what it is called with: call_arguments.ts; fusion, memory and replay: src/gpu/program.ts.

import { CELL_MAX_BYTES } from "../gpu/cells.ts";
import type { Device } from "../gpu/device.ts";
import { OptionError, UsageError } from "../gpu/errors.ts";
import { type Copy, Program, type Upload } from "../gpu/program.ts";
import { deviceOf, type HostArray, hostArray, signature, slotOf } from "./call_arguments.ts";
import type { DType, TypedArray } from "./dtype.ts";
import { copyInto } from "./primitives.ts";
import { holds, type Output, type Recording, recheck, record, type Traced } from "./recording.ts";
import type { Shape } from "./shape.ts";
import { empty, made, Tensor } from "./tensor.ts";

export type { HostArray } from "./call_arguments.ts";

export interface CompileOptions {
  /** Re-trace at every call and throw where the recording differs, e.g. by a plain number of the closure. Default false. */
  readonly check?: boolean;
  /**
   * Merge dispatches, drop the dead ones and spare copies; false runs the recording as it is. Default true: nothing is merged that
   * would change the order of a sum, so that a step gives what it gives op by op. "all": that too, batch-norm statistics
   * with the convolution in front of them; equal but for rounding, which deep networks amplify.
   */
  readonly fuse?: boolean | "all";
  /**
   * Labels of what stays readable after a call (`retained`): the results of recorded dispatches, activations and gradients,
   * by module path and op, such as `conv1/conv2d`. They are never fused away, nor overwritten within a run.
   */
  readonly retain?: string | RegExp | readonly string[];
}

/** A tensor of the last run. Its values are those of that run until the next one. */
export interface RetainedTensor {
  /** Label of the dispatch that made it. */
  readonly name: string;
  readonly shape: Shape;
  /** Places in the program's `dispatches` of those that wrote it. */
  readonly madeBy: readonly number[];
  /** A copy on the device. */
  tensor(): Tensor;
}

/** Where the function takes a tensor, the compiled one also takes host values. */
export type CompiledArgs<A extends readonly unknown[]> = {
  [K in keyof A]: A[K] extends Tensor ? Tensor | HostArray | TypedArray : A[K];
};

export interface Compiled<A extends readonly unknown[], R> {
  (...args: CompiledArgs<A>): R;
  /**
   * Records and compiles everything for arguments like these, without running it. On a device of `requestDevice({ autotune:
   * true })` it first measures the kernels that the recording met, where that was not done before.
   */
  prepare(...args: CompiledArgs<A>): Promise<void>;
  /**
   * Moves the host's state on as so many calls would, and runs nothing: step counts, schedules, random numbers. For a training step
   * that went on elsewhere, from a program file: load the tensors, and forward what they do not hold.
   */
  forward(runs: number, ...args: CompiledArgs<A>): void;
  /** The programs so far, one per signature. */
  readonly programs: readonly Program[];
  /** What `retain` kept of the last call; empty before the first. */
  readonly retained: readonly RetainedTensor[];
  /** The same function compiled with other options: they share parameters, optimizer and random state. */
  variant(options: CompileOptions): Compiled<A, R>;
}

interface Captured extends Recording {
  readonly program: Program;
  /** The host effects of the recording stand for its first run. */
  fresh: boolean;
}

const recorders = new WeakMap<object, (args: readonly unknown[]) => Captured>();

/** What a compiled function runs for such arguments, recorded if need be and not run. Throws UsageError for other functions. */
export function capturedFor(
  compiled: object,
  args: readonly unknown[],
): Recording & { readonly program: Program } {
  const recorder = recorders.get(compiled);
  if (!recorder) throw new UsageError("only a function that `compile` returned has been recorded");
  return recorder(args);
}

/** Programs kept per function; the least recently recorded goes first. */
const CAPACITY = 16;

/** Frees the programs of compiled functions that were dropped. */
const dropped = new FinalizationRegistry<Captured[]>((captured) => {
  for (const c of captured) c.program.release();
});

/**
 * Compiles a synchronous function of tensors (compare torch.compile, jax.jit).
 *
 * It is recorded once per shapes, dtypes and device of the tensors, values of the other arguments, and host state it
 * consults (train or eval mode, gradients present, `noGrad`, where parameters are stored). A plain number of the closure is
 * a constant of the recording; use `hostScalar` for one that changes. So is the parameter object itself: after
 * `layer.weight = parameter(...)` compile again (`check` finds it; values loaded into the same parameter are fine). Results
 * carry no tape.
 *
 * @throws UsageError where `fn` reads a value or calls another compiled function
 */
export function compile<A extends readonly Tensor[], R>(
  fn: (...args: A) => R,
  options?: CompileOptions,
): Compiled<A, R>;
export function compile<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options?: CompileOptions,
): Compiled<A, R>;
export function compile<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): Compiled<A, R> {
  const captured: Captured[] = [];
  const bySignature = new Map<string, Captured[]>();

  const find = (args: readonly unknown[], device: Device): Captured => {
    const key = signature(args, device);
    const list = bySignature.get(key) ?? [];
    const known = list.find((c) => holds(c.trace));
    if (known) {
      if (options.check) recheck(known, fn as unknown as Traced, args, device);
      return known;
    }
    const fresh = capture(fn as unknown as Traced, args, device, options);
    bySignature.set(key, [fresh, ...list]);
    captured.push(fresh);
    if (captured.length > CAPACITY) evict(captured.shift()!, bySignature);
    return fresh;
  };

  /** A recording that will not hold again: kernel variants have changed for good. */
  const discard = (c: Captured): void => {
    if (holds(c.trace) || c === last) return; // what the last call retained can still be read
    captured.splice(captured.indexOf(c), 1);
    evict(c, bySignature);
  };

  /** Without the host effects of the recording: it has not run. */
  const recorded = (args: readonly unknown[], device: Device): Captured => {
    const c = find(args, device);
    if (c.fresh) {
      c.trace.undo();
      c.fresh = false;
    }
    return c;
  };

  let last: Captured | null = null;
  const compiled = (...args: unknown[]): R => {
    const device = deviceOf(args);
    const known = find(args, device);
    const result = run(known, args, device) as R;
    last = known;
    return result;
  };
  const result = Object.assign(compiled, {
    prepare: async (...args: unknown[]): Promise<void> => {
      const device = deviceOf(args);
      let c = recorded(args, device);
      // What was measured may bring other kernels, and they other classes.
      while (device.tuning.measures && (await device.tune())) {
        discard(c);
        c = recorded(args, device);
      }
      await c.program.ready();
    },
    forward: (runs: number, ...args: unknown[]): void => {
      if (!Number.isSafeInteger(runs) || runs < 0)
        throw new OptionError(`forward: runs must be a whole number from 0, got ${runs}`);
      const device = deviceOf(args);
      for (let run = 0; run < runs; run++) {
        const c = find(args, device);
        c.program.advance(c.fresh);
        c.fresh = false;
      }
    },
    variant: (other: CompileOptions) => compile(fn, { ...options, ...other }),
  });
  Object.defineProperty(result, "programs", { get: () => captured.map((c) => c.program) });
  Object.defineProperty(result, "retained", { get: () => (last ? retainedOf(last) : []) });
  dropped.register(result, captured);
  recorders.set(result, (args) => recorded(args, deviceOf(args)));
  return result as unknown as Compiled<A, R>;
}

function capture(fn: Traced, args: readonly unknown[], device: Device, options: CompileOptions): Captured {
  const recording = record(fn, args, device);
  const { trace, inputs, outputs } = recording;
  try {
    const program = new Program(device, trace, {
      inputs: new Set(inputs.map((i) => i.storage)),
      results: new Set(outputs.map((o) => o.source.storage)),
      fuse: options.fuse ?? true,
      retain: options.retain === undefined ? undefined : matcher(options.retain),
    });
    return { ...recording, program, fresh: true };
  } catch (error) {
    // No room for its buffers: as if it had never been recorded.
    trace.undo();
    trace.release();
    throw error;
  }
}

function run(c: Captured, args: readonly unknown[], device: Device): unknown {
  const uploads: Upload[] = [];
  const copiesIn: Copy[] = [];
  const given = args.filter((a) => slotOf(a));
  c.inputs.forEach((target, i) => {
    const value = given[i];
    if (target.byteLength === 0) return;
    if (value instanceof Tensor) {
      void value.storage.buffer; // throws if released: before the host effects of this run, which stay
      copiesIn.push({ source: value, target, bytes: value.byteLength });
    } else {
      const { data } = hostArray(value as HostArray | TypedArray);
      uploads.push({ target, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    }
  });
  const scalars = c.program.advance(c.fresh);
  c.fresh = false;
  const results = new Map<Output, Tensor>();
  const copiesOut: Copy[] = [];
  for (const output of c.outputs) {
    const bytes = Math.max(output.source.byteLength, 4);
    const storage =
      bytes <= CELL_MAX_BYTES
        ? device.cells.allocate(bytes, "result")
        : device.pool.allocate(bytes, "result");
    const t = made(new Tensor(output.shape, output.dtype, device, storage));
    results.set(output, t);
    if (t.size > 0) copiesOut.push({ source: output.source, target: t, bytes: t.byteLength });
  }
  c.program.submit(scalars, uploads, copiesIn, copiesOut);
  return c.rebuild((output) => results.get(output)!);
}

/** A string is a whole label; a pattern matches anywhere in one. */
function matcher(pattern: string | RegExp | readonly string[]): (label: string) => boolean {
  if (pattern instanceof RegExp) return (label) => label.search(pattern) >= 0;
  const names = typeof pattern === "string" ? [pattern] : pattern;
  return (label) => names.includes(label);
}

function retainedOf({ program, trace: { device } }: Captured): RetainedTensor[] {
  return program.retained.map(({ name, source, madeBy }) => {
    const shape = source.shape ?? [source.byteLength / 4];
    const tensor = () => {
      const type = source.elementType ?? "f32";
      const view = made(new Tensor(shape, type as DType, device, source.storage, source.byteOffset));
      return copyInto(empty(shape, view.dtype, device), view);
    };
    return { name, shape, madeBy, tensor };
  });
}

function evict(c: Captured, bySignature: Map<string, Captured[]>): void {
  for (const [key, list] of bySignature)
    bySignature.set(
      key,
      list.filter((x) => x !== c),
    );
  c.program.release();
}
