// Captured functions replayed from a file, without the engine that recorded them: no autograd, no kernels of its own, only WebGPU.

import {
  DeviceError,
  DeviceLostError,
  LimitError,
  OptionError,
  UsageError,
  ValidationError,
} from "../gpu/errors.ts";
import { type TypedArray, typedArray } from "../tensor/dtype.ts";
import { OUTPUT, type PipelineRecord, type ProgramSet, type TensorPlace } from "./format.ts";
import { type ProgramFile, readFile } from "./read_file.ts";
import {
  bytesAt,
  checkValues,
  type Pipeline,
  ReplayedFunction,
  type World,
  writeWords,
} from "./replayed_function.ts";

const STORAGE_COPY = 0x80 | 0x04 | 0x08;
const MAP_READ_COPY_DST = 0x01 | 0x08;
const COMPUTE = 4; // GPUShaderStage.COMPUTE
const MAP_READ = 1; // GPUMapMode.READ

/** Values of a tensor on the host; f16 as f32, bool as 0 and 1. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/**
 * The functions of a program file on a device (`exportPrograms` writes one). They share their state - weights, moments of the
 * optimizer, counters - and run in the order of the calls, each in one pass and one submit.
 *
 * Host values that change from run to run, such as learning rates, step counts and random offsets, are those that were recorded: a
 * function can be run as often as the export foresaw.
 */
export class Programs {
  readonly about: unknown;
  /** Bytes of all buffers. */
  readonly bytes: number;
  private fault: Error | null = null;
  private lost: string | null = null;
  private readonly paced: Promise<undefined>[] = [];

  private constructor(
    private readonly world: World,
    private readonly file: ProgramFile,
    private readonly functions: ReadonlyMap<string, ReplayedFunction>,
  ) {
    const { gpu, buffers } = world;
    this.about = file.set.about;
    this.bytes = buffers.reduce((n, b) => n + b.size, 0);
    this.fill();
    gpu.addEventListener("uncapturederror", (event) => {
      this.fault ??= new ValidationError(event.error.message);
      event.preventDefault();
    });
    void gpu.lost.then(({ message, reason }) => {
      this.lost = message || reason || "unknown reason";
    });
  }

  /**
   * Compiles everything of a file.
   *
   * @param device from `adapter.requestDevice()`, with the features the file needs (mostly none) and, for buffers over the defaults,
   * larger limits
   * @throws FormatError for bytes that are no program file; DeviceError, LimitError where the device lacks something
   */
  static async open(file: Uint8Array, device: GPUDevice): Promise<Programs> {
    const read = readFile(file);
    const { set } = read;
    checkDevice(set, device);
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const buffers = set.buffers.map(({ bytes, label }) =>
      device.createBuffer({ size: bytes, usage: STORAGE_COPY, label }),
    );
    const modules = set.shaders.map(({ file, code }) => device.createShaderModule({ label: file, code }));
    const compiling = set.pipelines.map((record) => compile(device, record, modules[record.shader]!));
    const failed = Promise.all([device.popErrorScope(), device.popErrorScope()]);
    const pipelines = await Promise.all(compiling).catch((cause: Error) => {
      throw new DeviceError(`program file: a shader does not compile here: ${cause.message}`, { cause });
    });
    const fault = (await failed).find((e) => e !== null);
    if (fault) throw new DeviceError(`program file: the device refused it: ${fault.message}`);
    const world: World = { gpu: device, buffers, pipelines };
    const functions = Object.entries(set.functions).map(([name, record]) => {
      const { buffer, byteOffset, byteLength } = record.scalars
        ? read.bytes(`scalars/${name}`)
        : new Uint8Array();
      const data = {
        params: read.bytes(`params/${name}`),
        constants: record.constants.map((_, i) => read.bytes(`constant/${name}/${i}`)),
        scalars: new Uint32Array(buffer, byteOffset, byteLength / 4),
      };
      return [name, new ReplayedFunction(name, record, world, data)] as const;
    });
    return new Programs(world, read, new Map(functions));
  }

  get device(): GPUDevice {
    return this.world.gpu;
  }

  /** Names of the functions. */
  get names(): string[] {
    return [...this.functions.keys()];
  }

  /** Names of the tensors of `read` and `write`. */
  get state(): string[] {
    return Object.keys(this.file.set.state);
  }

  /** Shapes and dtypes that a function takes. */
  inputs(name: string): { shape: readonly number[]; dtype: string }[] {
    return this.named(name).record.inputs.map(({ shape, dtype }) => ({ shape, dtype }));
  }

  /** Dispatches of a run. */
  dispatches(name: string): number {
    return this.named(name).record.dispatches.length;
  }

  /** Runs so far, and how many there can be. */
  runs(name: string): { done: number; limit: number } {
    const { runs: done, limit } = this.named(name);
    return { done, limit };
  }

  /** Runs a function and returns at once; what it returned stays on the device. Values in row-major order. */
  run(name: string, ...inputs: TypedArray[]): void {
    const fn = this.named(name);
    this.check(name);
    fn.check(inputs);
    const { gpu } = this.world;
    const encoder = gpu.createCommandEncoder();
    fn.encode(encoder, inputs);
    gpu.queue.submit([encoder.finish()]);
  }

  /** Runs a function; its result, as of this run, whatever runs while the promise waits. */
  async call(name: string, ...inputs: TypedArray[]): Promise<unknown> {
    this.run(name, ...inputs);
    const { outputs, result } = this.named(name).record;
    const values = await this.fetch(outputs);
    return filled(result, values);
  }

  /** Tensors of the state by name, as of the runs so far. All of them without names. */
  async read(names: readonly string[] = this.state): Promise<Map<string, HostTensor>> {
    const values = await this.fetch(names.map((name) => this.place(name)));
    return new Map(names.map((name, i) => [name, values[i]!]));
  }

  /** Sets a tensor of the state, after the runs so far. */
  write(name: string, values: TypedArray): void {
    const place = this.place(name);
    checkValues(name, place, values);
    this.check("write");
    const [buffer, offset] = place.place;
    writeWords(this.world.gpu, this.world.buffers[buffer]!, offset, values);
  }

  /** Everything as it was in the file; counts from 0. */
  reset(): void {
    this.check("reset");
    for (const fn of this.functions.values()) fn.runs = 0;
    this.fill();
  }

  /** How many runs a function has behind it, for state that comes from elsewhere. */
  setRuns(name: string, runs: number): void {
    const fn = this.named(name);
    if (!Number.isSafeInteger(runs) || runs < 0 || runs > fn.limit)
      throw new OptionError(`${name}: runs must be from 0 to ${fn.limit}, got ${runs}`);
    fn.runs = runs;
  }

  /** Waits until at most `most` calls of this are not yet done on the GPU. Throws what went wrong so far. */
  async pace(most = 3): Promise<void> {
    this.paced.push(this.world.gpu.queue.onSubmittedWorkDone());
    while (this.paced.length > most) await this.paced.shift();
    this.check("pace");
  }

  /** Frees the buffers. The device is the caller's. */
  release(): void {
    for (const buffer of this.world.buffers) buffer.destroy();
  }

  private fill(): void {
    const { gpu, buffers } = this.world;
    const encoder = gpu.createCommandEncoder();
    this.file.set.buffers.forEach(({ kept }, i) => {
      if (kept) writeWords(gpu, buffers[i]!, 0, this.file.bytes(`buffer/${i}`));
      else encoder.clearBuffer(buffers[i]!);
    });
    gpu.queue.submit([encoder.finish()]);
  }

  /** One copy for all, behind what was submitted so far. */
  private async fetch(places: readonly TensorPlace[]): Promise<HostTensor[]> {
    this.check("read");
    const { gpu, buffers } = this.world;
    const starts: number[] = [];
    let size = 0;
    for (const place of places) {
      starts.push(size);
      size += bytesAt(place);
    }
    const staging = gpu.createBuffer({ size: Math.max(size, 4), usage: MAP_READ_COPY_DST, label: "staging" });
    const encoder = gpu.createCommandEncoder();
    places.forEach(({ place: [buffer, offset], ...tensor }, i) => {
      const bytes = bytesAt({ ...tensor, place: [buffer, offset, 0] });
      if (bytes > 0) encoder.copyBufferToBuffer(buffers[buffer]!, offset, staging, starts[i]!, bytes);
    });
    gpu.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(MAP_READ);
    } catch (cause) {
      const lost = await Promise.race([gpu.lost, new Promise<null>((r) => setTimeout(() => r(null), 500))]);
      throw lost
        ? new DeviceLostError(`read: the device was lost: ${lost.message || lost.reason}`, { cause })
        : cause;
    }
    const mapped = staging.getMappedRange();
    const values = places.map((place, i) => {
      const { shape, dtype } = place;
      const bytes = mapped.slice(starts[i]!, starts[i]! + bytesAt(place));
      return {
        shape,
        data: typedArray(
          dtype,
          bytes,
          shape.reduce((n, s) => n * s, 1),
        ),
      };
    });
    staging.destroy();
    this.check("read");
    return values;
  }

  private place(name: string): TensorPlace {
    const { state } = this.file.set;
    if (!Object.hasOwn(state, name))
      throw new UsageError(
        `there is no tensor ${name}; there are ${Object.keys(state).join(", ") || "none"}`,
      );
    return state[name]!;
  }

  private named(name: string): ReplayedFunction {
    const fn = this.functions.get(name);
    if (!fn) throw new UsageError(`there is no function ${name}; there are ${this.names.join(", ")}`);
    return fn;
  }

  private check(what: string): void {
    if (this.lost !== null) throw new DeviceLostError(`${what}: the device was lost: ${this.lost}`);
    const { fault } = this;
    this.fault = null;
    if (fault) throw fault;
  }
}

/** See Programs.open. */
export const openPrograms = (file: Uint8Array, device: GPUDevice): Promise<Programs> =>
  Programs.open(file, device);

function checkDevice(
  { features, buffers, functions }: ProgramSet,
  { limits, features: has }: GPUDevice,
): void {
  const missing = features.filter((name) => !has.has(name));
  if (missing.length > 0) throw new DeviceError(`program file: the device lacks ${missing.join(", ")}`);
  const largest = Math.max(0, ...buffers.map((b) => b.bytes));
  if (largest > limits.maxBufferSize)
    throw new LimitError(
      `program file: needs a buffer of ${largest} bytes, the device's limit is ${limits.maxBufferSize}`,
    );
  const bound = Math.max(
    0,
    ...Object.values(functions).flatMap((f) =>
      f.dispatches.flatMap((d) => d.places.map(([, , bytes]) => bytes)),
    ),
  );
  if (bound > limits.maxStorageBufferBindingSize)
    throw new LimitError(
      `program file: needs a binding of ${bound} bytes, the device's limit is ${limits.maxStorageBufferBindingSize}`,
    );
}

async function compile(gpu: GPUDevice, record: PipelineRecord, module: GPUShaderModule): Promise<Pipeline> {
  const { bindings, params, entry, constants } = record;
  const entries: GPUBindGroupLayoutEntry[] = bindings.map(([binding, access]) => ({
    binding,
    visibility: COMPUTE,
    buffer: { type: access === "read" ? "read-only-storage" : "storage" },
  }));
  if (params)
    entries.push({
      binding: params[0],
      visibility: COMPUTE,
      buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: params[1] },
    });
  const layout = gpu.createBindGroupLayout({ entries });
  const compiled = await gpu.createComputePipelineAsync({
    layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: entry, constants: { ...constants } },
  });
  return { compiled, layout, bindings, params };
}

/** The result with tensors in the places of `{ "@output": i }`. */
function filled(result: unknown, values: readonly HostTensor[]): unknown {
  if (Array.isArray(result)) return result.map((r) => filled(r, values));
  if (result === null || typeof result !== "object") return result;
  const { [OUTPUT]: output } = result as { [OUTPUT]?: number };
  if (output !== undefined) return values[output];
  return Object.fromEntries(Object.entries(result).map(([key, r]) => [key, filled(r, values)]));
}
