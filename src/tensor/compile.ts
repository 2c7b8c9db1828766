// compile(fn): record what `fn` does on the GPU once per signature, then replay it: one pass, one submit, no JavaScript
// per op. The plain program of src/gpu/program.ts runs it; fusion and memory planning come there.

import { CELL_MAX_BYTES } from "../gpu/cells.ts";
import { currentDevice, type Device } from "../gpu/device.ts";
import { type Bindable, type Dispatch, rangeOf } from "../gpu/dispatch.ts";
import { DeviceError, ShapeError, UsageError } from "../gpu/errors.ts";
import { type Copy, Program, type Upload } from "../gpu/program.ts";
import { activeTrace, Trace } from "../gpu/trace.ts";
import { argumentKey } from "./argument_key.ts";
import { type DType, dtypeOf, ELEMENT_BYTES, type TypedArray } from "./dtype.ts";
import { gradEnabled } from "./mode.ts";
import { mapTensors, scope, synchronous, tensorsIn } from "./scope.ts";
import { formatShape, numel, type Shape } from "./shape.ts";
import { made, Tensor } from "./tensor.ts";

/** Host values with a shape: what a DataLoader yields. */
export interface HostArray {
  readonly data: TypedArray;
  readonly shape: Shape;
}

export interface CompileOptions {
  /** Re-trace at every call and throw where the recording differs, e.g. by a plain number of the closure. Default false. */
  readonly check?: boolean;
}

/** Where the function takes a tensor, the compiled one also takes host values. */
export type CompiledArgs<A extends readonly unknown[]> = {
  [K in keyof A]: A[K] extends Tensor ? Tensor | HostArray | TypedArray : A[K];
};

export interface Compiled<A extends readonly unknown[], R> {
  (...args: CompiledArgs<A>): R;
  /** Records and compiles everything for arguments like these, without running it. */
  prepare(...args: CompiledArgs<A>): Promise<void>;
  /** The programs so far, one per signature. */
  readonly programs: readonly Program[];
}

type Traced = (...args: unknown[]) => unknown;

interface Slot {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Where a result comes from: a range the program wrote, or a tensor from outside. */
interface Output extends Slot {
  readonly source: Bindable;
}

interface Captured {
  readonly trace: Trace;
  readonly program: Program;
  readonly inputs: readonly Bindable[];
  readonly rebuild: (make: (output: Output) => Tensor) => unknown;
  readonly outputs: readonly Output[];
  /** The host effects of the recording stand for its first run. */
  fresh: boolean;
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
    const fresh = capture(fn as unknown as Traced, args, device);
    bySignature.set(key, [fresh, ...list]);
    captured.push(fresh);
    if (captured.length > CAPACITY) evict(captured.shift()!, bySignature);
    return fresh;
  };

  const compiled = (...args: unknown[]): R => {
    const device = deviceOf(args);
    return run(find(args, device), args, device) as R;
  };
  const result = Object.assign(compiled, {
    prepare: async (...args: unknown[]): Promise<void> => {
      const device = deviceOf(args);
      const c = find(args, device);
      if (c.fresh) {
        c.trace.undo();
        c.fresh = false;
      }
      await c.program.ready();
    },
  });
  Object.defineProperty(result, "programs", { get: () => captured.map((c) => c.program) });
  dropped.register(result, captured);
  return result as unknown as Compiled<A, R>;
}

function capture(fn: Traced, args: readonly unknown[], device: Device): Captured {
  const trace = new Trace(device);
  const inputs: Bindable[] = [];
  const outputs: Output[] = [];
  let rebuild: Captured["rebuild"] = () => undefined;
  trace.run(() =>
    scope(() => {
      const virtual = args.map((a) => {
        const slot = slotOf(a);
        if (!slot) return a;
        const bytes = Math.max(numel(slot.shape), 1) * ELEMENT_BYTES;
        const t = made(new Tensor(slot.shape, slot.dtype, device, trace.allocate(bytes, "input")));
        inputs.push(rangeOf(t));
        return t;
      });
      const result = synchronous("compile", fn(...virtual));
      rebuild = describe(result, trace, outputs);
    }, "compile"),
  );
  try {
    return { trace, program: new Program(device, trace), inputs, rebuild, outputs, fresh: true };
  } catch (error) {
    // No room for its buffers: as if it had never been recorded.
    trace.undo();
    trace.release();
    throw error;
  }
}

/** Turns a result into a recipe for further results: the recording's own tensors have no values outside. */
function describe(result: unknown, trace: Trace, outputs: Output[]): Captured["rebuild"] {
  const slots = new Map<Tensor, Output>();
  for (const t of tensorsIn(result) as Set<Tensor>) {
    if (!trace.storages.has(t.storage)) continue; // a parameter, say: itself
    const output = { shape: t.shape, dtype: t.dtype, source: rangeOf(t) };
    slots.set(t, output);
    outputs.push(output);
  }
  return (make) => mapTensors(result, (t) => (slots.has(t as Tensor) ? make(slots.get(t as Tensor)!) : t));
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

function holds(trace: Trace): boolean {
  try {
    return trace.guards.every((g) => Object.is(g.read(), g.value));
  } catch {
    return false; // it bound a tensor that is released now
  }
}

/** Records again and compares; the second recording leaves no trace of itself. */
function recheck(known: Captured, fn: Traced, args: readonly unknown[], device: Device): void {
  const again = capture(fn, args, device);
  again.trace.undo();
  const [a, b] = [known.program.dispatches, again.program.dispatches];
  const at = a.findIndex((d, i) => !b[i] || fingerprint(d, known.trace) !== fingerprint(b[i], again.trace));
  again.program.release();
  if (at < 0 && a.length === b.length) return;
  const what = a[at]?.label ?? b[a.length].label;
  throw new UsageError(
    `compile: the function no longer does what was recorded, first at dispatch ${at < 0 ? a.length : at} (${what})`,
  );
}

function fingerprint(d: Dispatch, trace: Trace): string {
  const params = d.params.map((p) => (typeof p.value === "number" ? p.value : "host"));
  // A tensor from outside counts as itself: a parameter put in place of another is a difference.
  const bindings = d.bindings.map(({ source: { storage, byteOffset, byteLength } }) =>
    trace.persistent.has(storage) ? [byteLength, byteOffset, storage.id] : [byteLength],
  );
  return JSON.stringify([d.pipeline.id, d.label, d.grid, params, bindings]);
}

function evict(c: Captured, bySignature: Map<string, Captured[]>): void {
  for (const [key, list] of bySignature)
    bySignature.set(
      key,
      list.filter((x) => x !== c),
    );
  c.program.release();
}

function signature(args: readonly unknown[], device: Device): string {
  const parts = args.map((a) => {
    const slot = slotOf(a);
    if (slot) return `${slot.dtype}${formatShape(slot.shape)}`;
    if (tensorsIn(a).size > 0)
      throw new UsageError("compile: pass tensors as arguments of their own, not inside objects");
    return argumentKey(a);
  });
  return `${deviceNumber(device)}|${gradEnabled()}|${parts.join("|")}`;
}

const deviceNumbers = new WeakMap<Device, number>();
let devices = 0;

function deviceNumber(device: Device): number {
  if (!deviceNumbers.has(device)) deviceNumbers.set(device, devices++);
  return deviceNumbers.get(device)!;
}

function deviceOf(args: readonly unknown[]): Device {
  if (activeTrace()) {
    throw new UsageError(
      "compile: a compiled function was called inside another; call the plain function there",
    );
  }
  const tensors = args.filter((a): a is Tensor => a instanceof Tensor);
  const device = tensors[0]?.device ?? currentDevice();
  if (tensors.some((t) => t.device !== device))
    throw new DeviceError("compile: tensors of two devices in one call");
  device.check("compile");
  return device;
}

function slotOf(arg: unknown): Slot | null {
  if (arg instanceof Tensor) return { shape: arg.shape, dtype: arg.dtype };
  if (!isHostArray(arg) && !isTyped(arg)) return null;
  const { data, shape } = hostArray(arg);
  if (numel(shape) !== data.length)
    throw new ShapeError(`compile: ${data.length} values do not fit ${formatShape(shape)}`);
  return { shape, dtype: dtypeOf(data) };
}

function hostArray(arg: HostArray | TypedArray): HostArray {
  return isTyped(arg) ? { data: arg, shape: [arg.length] } : arg;
}

function isTyped(arg: unknown): arg is TypedArray {
  return arg instanceof Float32Array || arg instanceof Int32Array || arg instanceof Uint32Array;
}

function isHostArray(arg: unknown): arg is HostArray {
  const a = arg as HostArray | null;
  return typeof a === "object" && a !== null && isTyped(a.data) && Array.isArray(a.shape);
}
