// The eager recorder: dispatches go into one open compute pass, submitted when the batch is large, when something is read
// or when a scope ends. What meets a pipeline still compiling is parked, and all that follows waits behind it, in order.

import { BindGroups, type Range } from "./bind_groups.ts";
import type { Device } from "./device.ts";
import { type Bindable, type Dispatch, HostScalar, type Recorder, writeParams } from "./dispatch.ts";
import { ValidationError } from "./errors.ts";
import type { PipelineEntry } from "./pipeline.ts";
import type { Storage } from "./storage.ts";

/** Params of one dispatch sit at a multiple of 256 bytes, WebGPU's default alignment of dynamic offsets. */
export const PARAMS_STRIDE = 256;
/** Dispatches a batch: enough to hide the cost of a submit, few enough to start the GPU early. */
const BATCH = 128;
const NO_OFFSET: readonly number[] = [];

interface Parked {
  /** What must be compiled before this may run. */
  readonly needs: readonly PipelineEntry[];
  readonly run: () => void;
  readonly fail: (error: Error) => void;
}

export class EagerRecorder implements Recorder {
  readonly capturing = false;
  /** Number of the batch that is being filled. */
  batch = 0;
  private encoder: GPUCommandEncoder | null = null;
  private pass: GPUComputePassEncoder | null = null;
  /** What the open pass has set: setting it again would cost as much as a dispatch. */
  private current: GPUComputePipeline | null = null;
  private encoded = 0;
  private readonly parked: Parked[] = [];
  private draining = false;
  private readonly params = new DataView(new ArrayBuffer(BATCH * PARAMS_STRIDE));
  private readonly paramsBuffer: GPUBuffer;
  private readonly bindGroups: BindGroups;

  constructor(private readonly device: Device) {
    const UNIFORM_COPY_DST = 0x40 | 0x08;
    const size = BATCH * PARAMS_STRIDE;
    this.paramsBuffer = device.gpu.createBuffer({ size, usage: UNIFORM_COPY_DST, label: "params" });
    this.bindGroups = new BindGroups(device.gpu, this.paramsBuffer);
  }

  allocate(bytes: number, label: string): Storage {
    return this.device.pool.allocate(bytes, label);
  }

  dispatch(d: Dispatch): void {
    this.device.check(d.label);
    // Buffers are resolved now: a storage may be released, and its buffer given away, before a parked dispatch runs.
    const buffers = d.bindings.map((b) => b.source.storage.buffer);
    const ranges = d.bindings.map((b) => bindingRange(b.source));
    const scalars = d.params.some((p) => p.value instanceof HostScalar);
    const params = scalars ? d.params.map((p) => ({ ...p, value: read(p.value) })) : d.params;
    this.enqueue([d.pipeline], () => {
      const pass = this.passFor(d); // first: it opens the error scope
      const at = this.encoded * PARAMS_STRIDE;
      writeParams(this.params, at, params);
      for (const b of buffers) b.lastBatch = this.batch;
      const group = this.bindGroups.get(d.pipeline, d.bindings, buffers, ranges, d.paramsBytes);
      const pipeline = d.pipeline.pipeline!;
      if (pipeline !== this.current) pass.setPipeline((this.current = pipeline));
      pass.setBindGroup(0, group, d.pipeline.paramsBinding === null ? NO_OFFSET : [at]);
      pass.dispatchWorkgroups(d.grid[0], d.grid[1], d.grid[2]);
      this.encoded++;
      if (this.device.debug) this.flush(d);
      else if (this.encoded === BATCH) this.flush();
    });
  }

  upload(target: Bindable, data: ArrayBufferView): void {
    this.device.check("upload");
    const buffer = target.storage.buffer;
    const at = target.byteOffset + buffer.base;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    target.storage.version++;
    target.storage.writer = "an upload";
    const waits = this.parked.length > 0;
    const source = waits ? bytes.slice() : bytes;
    this.enqueue([], () => {
      // writeBuffer runs ahead of every command not yet submitted.
      if (buffer.lastBatch === this.batch) this.flush();
      writeAligned(this.device.gpu, buffer.gpu, at, source);
    });
  }

  /** Runs `run` in order, after everything before it and once its pipelines are compiled. */
  enqueue(needs: readonly PipelineEntry[], run: () => void, fail?: (error: Error) => void): void {
    if (this.parked.length === 0 && needs.every((p) => p.pipeline)) {
      run();
      return;
    }
    for (const p of needs) void p.ready; // all at once, not each when its turn comes
    this.parked.push({ needs, run, fail: fail ?? ((error) => this.device.errors.report(error)) });
    if (!this.draining) void this.drain();
  }

  /** Destroys buffers after all work recorded so far has been submitted. */
  destroyInOrder(buffers: readonly GPUBuffer[]): void {
    const destroy = () => {
      this.flush();
      for (const b of buffers) b.destroy();
    };
    this.enqueue([], destroy, () => {}); // a lost device has none left
  }

  /**
   * Copies a range into `staging` in order with all other work, and if asked sets it to zero then; resolves once that is
   * submitted.
   */
  copyOut(source: Bindable, staging: GPUBuffer, bytes: number, clear = false): Promise<void> {
    const buffer = source.storage.buffer;
    const at = source.byteOffset + buffer.base;
    return new Promise((resolve, reject) => {
      this.enqueue(
        [],
        () => {
          const encoder = this.openEncoder();
          this.endPass();
          buffer.lastBatch = this.batch;
          encoder.copyBufferToBuffer(buffer.gpu, at, staging, 0, bytes);
          if (clear) encoder.clearBuffer(buffer.gpu, at, bytes);
          this.flush();
          resolve();
        },
        reject,
      );
    });
  }

  /** Submits what is encoded. Parked work follows by itself. */
  flush(debugged?: Dispatch): void {
    const { encoder, device } = this;
    if (!encoder) return;
    this.endPass();
    if (this.encoded > 0) {
      device.gpu.queue.writeBuffer(
        this.paramsBuffer,
        0,
        this.params.buffer as ArrayBuffer,
        0,
        this.encoded * PARAMS_STRIDE,
      );
    }
    device.profiler?.resolve(encoder);
    device.gpu.queue.submit([encoder.finish()]);
    device.errors.watch(device.gpu.popErrorScope(), debugged && ((e) => describe(debugged, e)));
    this.encoder = null;
    this.encoded = 0;
    this.batch++;
  }

  /** True while something is parked: what comes now must wait its turn. */
  get waiting(): boolean {
    return this.parked.length > 0;
  }

  /** Resolves when nothing is parked. */
  async unparked(): Promise<void> {
    while (this.parked.length > 0) {
      await Promise.all(this.parked[0].needs.map((p) => p.ready));
      await null; // drain() continues on the same promises, and was there first
    }
  }

  /** Forgets everything that was not submitted: the device is gone. */
  abandon(error: Error): void {
    for (const p of this.parked.splice(0)) p.fail(error);
    this.encoder = null;
    this.pass = null;
    this.current = null;
  }

  private async drain(): Promise<void> {
    this.draining = true;
    while (this.parked.length > 0) {
      const next = this.parked[0];
      for (const p of next.needs) if (!p.pipeline && !p.error) await p.ready;
      if (this.parked[0] !== next) continue; // abandoned meanwhile
      const broken = next.needs.find((p) => p.error);
      try {
        if (broken) next.fail(broken.error!);
        else next.run();
      } catch (error) {
        next.fail(error as Error);
      }
      this.parked.shift();
    }
    this.draining = false;
    this.flush();
  }

  private openEncoder(): GPUCommandEncoder {
    if (!this.encoder) {
      this.device.gpu.pushErrorScope("validation");
      this.encoder = this.device.gpu.createCommandEncoder();
    }
    return this.encoder;
  }

  /** The open pass; while a profile runs, one of its own with two timestamps. */
  private passFor(d: Dispatch): GPUComputePassEncoder {
    const encoder = this.openEncoder();
    const timestampWrites = this.device.profiler?.begin(d);
    if (timestampWrites) this.endPass();
    this.pass ??= encoder.beginComputePass(timestampWrites && { timestampWrites });
    return this.pass;
  }

  private endPass(): void {
    this.pass?.end();
    this.pass = null;
    this.current = null;
  }
}

/** Bindings cover whole 16-byte words: storage is allocated so, and vec4 kernels may touch the padding. */
export function bindingRange(source: Bindable): Range {
  const size = Math.max(16, Math.ceil(source.byteLength / 16) * 16);
  return { offset: source.byteOffset + source.storage.buffer.base, size };
}

/** `writeBuffer` of any byte count: WebGPU wants multiples of four. */
export function writeAligned(device: GPUDevice, buffer: GPUBuffer, at: number, bytes: Uint8Array): void {
  const whole = bytes.byteLength & ~3;
  if (whole > 0) device.queue.writeBuffer(buffer, at, bytes.buffer, bytes.byteOffset, whole);
  if (whole === bytes.byteLength) return;
  const tail = new Uint8Array(4);
  tail.set(bytes.subarray(whole));
  device.queue.writeBuffer(buffer, at + whole, tail.buffer, 0, 4);
}

function read(value: number | HostScalar): number {
  return typeof value === "number" ? value : value.read();
}

function describe(d: Dispatch, error: GPUError): Error {
  return new ValidationError(
    `${d.label} (${d.kernel}.wgsl): ${error.message}${d.stack ? `\n${d.stack}` : ""}`,
  );
}
