// Captured functions as a file that runs without the engine (src/replay): final shader texts, dispatches, memory plan, weights, and
// the host's values for so many runs. Compare torch.export, jax.export: these hold what is to be computed, this one how.

import type { Bindable, Dispatch, DispatchParam } from "../gpu/dispatch.ts";
import { bindingRange } from "../gpu/eager.ts";
import { DeviceError, OptionError, UsageError } from "../gpu/errors.ts";
import type { Program } from "../gpu/program.ts";
import { rehearse } from "../gpu/rehearsal.ts";
import type { Storage } from "../gpu/storage.ts";
import {
  type DispatchRecord,
  FORMAT,
  type FunctionRecord,
  OUTPUT,
  type PipelineRecord,
  type Place,
  type ProgramSet,
  type TensorPlace,
  VERSION,
} from "../replay/format.ts";
import { type Compiled, capturedFor } from "../tensor/compile.ts";
import type { DType } from "../tensor/dtype.ts";
import { holds, type Output, type Recording } from "../tensor/recording.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type SafeTensor, writeSafetensors } from "./safetensors.ts";

/** A compiled function, and arguments like those it will be called with. */
// biome-ignore lint/suspicious/noExplicitAny: functions of all signatures stand side by side
export type Exported = readonly [compiled: Compiled<any, unknown>, ...args: readonly unknown[]];

export interface ExportOptions {
  /**
   * How often each function that reads host values (learning rate, step count, random offset) can be run: a number for all, or one
   * by name. Default 1000. Functions without such values run as often as one likes.
   */
  readonly runs?: number | Readonly<Record<string, number>>;
  /** Tensors that the replay can read and write by name, such as `model.stateDict()`. */
  readonly state?: Iterable<readonly [string, Tensor]>;
  /** Anything that JSON can hold, for whoever opens the file. */
  readonly about?: unknown;
}

const DEFAULT_RUNS = 1000;
const MOST_RUNS = 10_000_000;

/**
 * Writes compiled functions, with the state that they share as it is now, into a file that `openPrograms` of `wgrad/replay` runs on
 * any WebGPU device without the engine: the same kernels in the same order, so the same bits on the same adapter.
 *
 * Recorded is what the functions do for arguments of these shapes. Kernels are those chosen for this device. Host values are those of
 * the coming runs of each function, as if the others were not called between; the host's state stays as it is.
 *
 * @example
 * const file = await exportPrograms({ step: [step, x, y], predict: [predict, x] }, { runs: 1000, state: model.stateDict() });
 *
 * @throws UsageError for functions that `compile` did not return, that return tensors from outside, or whose later runs would need
 * another recording; DeviceError for functions of two devices; OptionError for a count of runs that is none
 */
export async function exportPrograms(
  functions: Readonly<Record<string, Exported>>,
  options: ExportOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  // All of one moment, and on the device that is the current one now.
  const captured = Object.entries(functions).map(([name, [compiled, ...args]]) => {
    return [name, runsOf(name, options.runs), capturedFor(compiled, args)] as const;
  });
  const writer = new Writer();
  for (const [name, runs, recording] of captured) writer.add(name, recording, runs);
  await Promise.all(captured.map(([, , { program }]) => program.ready()));
  return writer.finish(options.state ?? [], options.about ?? null);
}

function runsOf(name: string, runs: ExportOptions["runs"] = DEFAULT_RUNS): number {
  const count = typeof runs === "number" ? runs : (runs[name] ?? DEFAULT_RUNS);
  if (!Number.isSafeInteger(count) || count < 1 || count > MOST_RUNS)
    throw new OptionError(
      `exportPrograms: runs of ${name} must be a whole number from 1 to ${MOST_RUNS}, got ${count}`,
    );
  return count;
}

interface Kept {
  readonly label: string;
  bytes: number;
  /** Whose content goes into the file. */
  readonly content: Bindable | null;
}

class Writer {
  private readonly buffers: Kept[] = [];
  private readonly byStorage = new Map<Storage, number>();
  private readonly bySlab = new Map<GPUBuffer, number>();
  private readonly shaders: { file: string; code: string }[] = [];
  private readonly pipelines: PipelineRecord[] = [];
  private readonly pipelineKeys = new Map<string, number>();
  private readonly functions: Record<string, FunctionRecord> = {};
  private readonly tensors = new Map<string, SafeTensor>();
  private device: Bindable["device"] | null = null;

  add(
    name: string,
    { program, trace, inputs, outputs, rebuild }: Recording & { program: Program },
    runs: number,
  ) {
    this.on(trace.device);
    const { params, offsets, scalarPlaces, rewritten, pinned } = program.parts;
    const place = (source: Bindable, bytes = source.byteLength) =>
      this.place(source, bytes, trace.storages.has(source.storage) && !pinned.has(source.storage));
    const tensorPlace = ({ shape, dtype, source }: Output): TensorPlace => ({
      ...{ shape, dtype, place: place(source) },
    });
    const dispatches = program.dispatches.map((d, i): DispatchRecord => {
      const places = d.bindings.map((b) => place(b.source, bindingRange(b.source).size));
      return { label: d.label, pipeline: this.pipeline(d), places, at: offsets[i]!, grid: d.grid };
    });
    this.bytes(`params/${name}`, params);
    for (const [i, { data }] of rewritten.entries()) this.bytes(`constant/${name}/${i}`, data);
    this.functions[name] = {
      inputs: inputs.map((source) => tensorPlace({ source, ...described(source) })),
      outputs: outputs.map(tensorPlace),
      result: resultOf(name, rebuild, outputs),
      dispatches,
      constants: rewritten.map(({ target }) => place(target)),
      scalars: this.scalars(name, scalarPlaces, runs, (list) =>
        rehearse(trace, list, runs, () => holds(trace)),
      ),
    };
  }

  async finish(state: Iterable<readonly [string, Tensor]>, about: unknown): Promise<Uint8Array<ArrayBuffer>> {
    const places: Record<string, TensorPlace> = {};
    for (const [name, t] of state) {
      this.on(t.device);
      places[name] = { shape: t.shape, dtype: t.dtype, place: this.place(t, t.byteLength, false) };
    }
    // Reads are recorded at once, so that all contents are of one moment.
    const reads = this.buffers.map(({ content }) => (content ? content.device.read(content) : null));
    const contents = (await Promise.all(reads)).map((bytes) => (bytes ? new Uint8Array(bytes) : null));
    const kept = contents.map((bytes) => bytes?.some((b) => b !== 0) ?? false);
    for (const [i, bytes] of contents.entries()) if (kept[i]) this.bytes(`buffer/${i}`, bytes!);
    const set: ProgramSet = {
      version: VERSION,
      features: featuresOf(this.shaders),
      ...{
        shaders: this.shaders,
        pipelines: this.pipelines,
        state: places,
        functions: this.functions,
        about,
      },
      buffers: this.buffers.map(({ label, bytes }, i) => ({ label, bytes, kept: kept[i]! })),
    };
    return writeSafetensors(this.tensors, { format: FORMAT, programs: JSON.stringify(set) });
  }

  private on(device: Bindable["device"]): void {
    if (this.device !== null && this.device !== device)
      throw new DeviceError("exportPrograms: functions and state must be of one device");
    this.device = device;
  }

  /** Scratch lies in the program's slabs; everything else has a buffer of its own, with its content. */
  private place(source: Bindable, bytes: number, scratch: boolean): Place {
    const { storage, byteOffset, device } = source;
    const { gpu, base } = storage.buffer;
    const known = scratch ? this.bySlab.get(gpu) : this.byStorage.get(storage);
    const index = known ?? this.buffers.length;
    if (known === undefined) {
      const content = { device, storage, byteOffset: 0, byteLength: storage.bytes };
      const label = scratch ? "scratch" : storage.label;
      this.buffers.push({
        label,
        bytes: scratch ? 0 : words(storage.bytes),
        content: scratch ? null : content,
      });
      if (scratch) this.bySlab.set(gpu, index);
      else this.byStorage.set(storage, index);
    }
    const offset = scratch ? base + byteOffset : byteOffset;
    const buffer = this.buffers[index]!;
    buffer.bytes = Math.max(buffer.bytes, words(offset + bytes));
    return [index, offset, bytes];
  }

  private pipeline({ shader, options, pipeline: { code, overrides, file } }: Dispatch): number {
    const entry = options.entry ?? Object.keys(shader.entries)[0]!;
    const key = JSON.stringify([entry, overrides, code]);
    const known = this.pipelineKeys.get(key);
    if (known !== undefined) return known;
    let text = this.shaders.findIndex((s) => s.code === code);
    if (text < 0) text = this.shaders.push({ file, code }) - 1;
    const bindings = Object.values(shader.bindings).map((b) => [b.binding, b.access] as const);
    const { paramsBinding, paramsBytes } = shader;
    const params = paramsBinding === null ? null : ([paramsBinding, words(paramsBytes)] as const);
    const at = this.pipelines.push({ shader: text, entry, constants: overrides, bindings, params }) - 1;
    this.pipelineKeys.set(key, at);
    return at;
  }

  private scalars(
    name: string,
    places: ReadonlyMap<DispatchParam, number>,
    runs: number,
    values: (params: readonly DispatchParam[]) => Uint32Array<ArrayBuffer>,
  ): FunctionRecord["scalars"] {
    const params = [...places.keys()];
    const data = values(params);
    if (params.length === 0) return null;
    this.tensors.set(`scalars/${name}`, { dtype: "U32", shape: [runs, params.length], data });
    return { runs, places: [...places.values()] };
  }

  private bytes(name: string, data: Uint8Array): void {
    this.tensors.set(name, { dtype: "U8", shape: [data.length], data: data as Uint8Array<ArrayBuffer> });
  }
}

/** Every binding covers whole 16 bytes. */
const words = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

function described({ shape, elementType, byteLength }: Bindable): { shape: readonly number[]; dtype: DType } {
  return { shape: shape ?? [byteLength / 4], dtype: (elementType ?? "f32") as DType };
}

function resultOf(name: string, rebuild: Recording["rebuild"], outputs: readonly Output[]): unknown {
  const result = rebuild((output) => ({ [OUTPUT]: outputs.indexOf(output) }) as unknown as Tensor);
  const text = JSON.stringify(result ?? null, (key, value) => {
    if (value instanceof Tensor)
      throw new UsageError(
        `exportPrograms: ${name} returns a tensor from outside${key ? ` (${key})` : ""}: name it in \`state\` instead`,
      );
    return value;
  });
  return JSON.parse(text ?? "null");
}

/** What the shaders' `enable` directives need. */
function featuresOf(shaders: readonly { readonly code: string }[]): string[] {
  const names: Readonly<Record<string, string>> = { f16: "shader-f16", subgroups: "subgroups" };
  const enabled = shaders.flatMap(({ code }) =>
    [...code.matchAll(/\benable\s+([\w\s,]+);/g)].flatMap(([, list]) =>
      list!.split(",").map((e) => e.trim()),
    ),
  );
  return [...new Set(enabled)].flatMap((name) => names[name] ?? []).sort();
}
