// One function of a program file, ready to run: bind groups made, params written, its dispatches encoded in one pass.

import { ShapeError, UsageError } from "../gpu/errors.ts";
import { bytesOf, dtypeOf, storedArray, type TypedArray } from "../tensor/dtype.ts";
import type { DispatchRecord, FunctionRecord, Place, TensorPlace } from "./format.ts";

const UNIFORM_COPY_DST = 0x40 | 0x08;

export interface Pipeline {
  readonly compiled: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly (readonly [binding: number, access: string])[];
  readonly params: readonly [binding: number, bytes: number] | null;
}

/** What the functions of a file share. */
export interface World {
  readonly gpu: GPUDevice;
  readonly buffers: readonly GPUBuffer[];
  readonly pipelines: readonly Pipeline[];
}

export interface FunctionData {
  readonly params: Uint8Array<ArrayBuffer>;
  readonly constants: readonly Uint8Array<ArrayBuffer>[];
  /** Bits [runs, places] */
  readonly scalars: Uint32Array<ArrayBuffer>;
}

interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly offsets: readonly number[];
  readonly grid: readonly [number, number, number];
}

export class ReplayedFunction {
  /** Runs so far: which host values the next one gets. */
  runs = 0;
  private readonly steps: readonly Step[];
  private readonly params: GPUBuffer;

  constructor(
    readonly name: string,
    readonly record: FunctionRecord,
    private readonly world: World,
    private readonly data: FunctionData,
  ) {
    const { gpu } = world;
    const size = Math.max(data.params.byteLength, 16);
    this.params = gpu.createBuffer({ size, usage: UNIFORM_COPY_DST, label: `params of ${name}` });
    gpu.queue.writeBuffer(this.params, 0, data.params);
    this.steps = record.dispatches.map((d) => this.bake(d));
  }

  /** Runs for which there are host values. */
  get limit(): number {
    return this.record.scalars?.runs ?? Number.POSITIVE_INFINITY;
  }

  /** Throws UsageError or ShapeError, and has then done nothing, if this call cannot be run. */
  check(inputs: readonly TypedArray[]): void {
    const { name, record } = this;
    if (inputs.length !== record.inputs.length)
      throw new UsageError(`${name}: takes ${record.inputs.length} tensors, got ${inputs.length}`);
    for (const [i, slot] of record.inputs.entries()) checkValues(`${name}: input ${i}`, slot, inputs[i]!);
    if (this.runs >= this.limit)
      throw new UsageError(
        `${name}: its host values were recorded for ${this.limit} runs, and all of them are done`,
      );
  }

  /** Writes what the run needs, and encodes it. */
  encode(encoder: GPUCommandEncoder, inputs: readonly TypedArray[]): void {
    const { record, data } = this;
    for (const [i, slot] of record.inputs.entries())
      this.write(slot.place, storedArray(slot.dtype, inputs[i]!));
    for (const [i, place] of record.constants.entries()) this.write(place, data.constants[i]!);
    this.writeScalars();
    const pass = encoder.beginComputePass({ label: this.name });
    let current: GPUComputePipeline | null = null;
    for (const { pipeline, group, offsets, grid } of this.steps) {
      if (pipeline !== current) pass.setPipeline((current = pipeline));
      pass.setBindGroup(0, group, offsets);
      pass.dispatchWorkgroups(...grid);
    }
    pass.end();
    this.runs++;
  }

  private writeScalars(): void {
    const { params, scalars } = this.data;
    const { places } = this.record.scalars ?? { places: [] };
    if (places.length === 0) return;
    const view = new DataView(params.buffer, params.byteOffset);
    const row = this.runs * places.length;
    for (const [i, at] of places.entries()) view.setUint32(at, scalars[row + i]!, true);
    const end = Math.max(...places) + 4;
    this.world.gpu.queue.writeBuffer(this.params, 0, params, 0, end);
  }

  private write([buffer, offset]: Place, values: TypedArray | Uint16Array | Uint8Array): void {
    writeWords(this.world.gpu, this.world.buffers[buffer]!, offset, values);
  }

  private bake({ pipeline, places, at, grid }: DispatchRecord): Step {
    const { gpu, pipelines, buffers } = this.world;
    const { compiled, layout, bindings, params } = pipelines[pipeline]!;
    const entries: GPUBindGroupEntry[] = places.map(([buffer, offset, size], i) => ({
      binding: bindings[i]![0],
      resource: { buffer: buffers[buffer]!, offset, size },
    }));
    if (params) entries.push({ binding: params[0], resource: { buffer: this.params, size: params[1] } });
    const group = gpu.createBindGroup({ layout, entries });
    return { pipeline: compiled, group, offsets: params ? [at] : [], grid };
  }
}

/** Throws ShapeError or DTypeError where values do not fit a tensor. */
export function checkValues(what: string, { shape, dtype }: TensorPlace, data: TypedArray): void {
  const size = shape.reduce((n, s) => n * s, 1);
  const given = dtypeOf(data);
  const wanted = dtype === "f16" ? "f32" : dtype === "bool" ? "u32" : dtype;
  if (data.length !== size || given !== wanted)
    throw new ShapeError(
      `${what} is ${dtype} [${shape}]: needs ${size} values of ${wanted}, got ${data.length} of ${given}`,
    );
}

/** `writeBuffer` takes whole words only. */
export function writeWords(gpu: GPUDevice, buffer: GPUBuffer, offset: number, values: ArrayBufferView): void {
  const bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  const whole = bytes.length % 4 === 0;
  const words = whole ? bytes : new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  if (!whole) words.set(bytes);
  if (words.length > 0) gpu.queue.writeBuffer(buffer, offset, words);
}

/** Bytes to copy for a tensor, in whole words. */
export const bytesAt = ({ shape, dtype }: TensorPlace): number =>
  bytesOf(
    shape.reduce((n, s) => n * s, 1),
    dtype,
  );
