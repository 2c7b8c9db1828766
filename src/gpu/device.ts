// A device: the GPUDevice with its buffers, pipelines, recorder and read-back. Hosts (src/hosts) find the adapter and
// call openDevice; everything above works with the Device.

import { type AdapterSummary, nameOf, type RequestLimits, requestGpu, summarise } from "./adapter_summary.ts";
import { Cells } from "./cells.ts";
import type { Bindable, Recorder } from "./dispatch.ts";
import { EagerRecorder } from "./eager.ts";
import { ErrorSink } from "./error_sink.ts";
import { DeviceError, DeviceLostError, OptionError, UsageError, ValidationError } from "./errors.ts";
import { IndexReports } from "./index_reports.ts";
import { PipelineCache } from "./pipeline.ts";
import { BufferPool, type MemoryReport } from "./pool.ts";
import { type ProfileRow, Profiler } from "./profiler.ts";
import { ReadBack } from "./readback.ts";
import { Tuning } from "./tuning.ts";
import { adapterKey, checkTuningTable, type TuningTable } from "./tuning_table.ts";

export interface DeviceOptions extends RequestLimits {
  /**
   * Every dispatch has its own submit and error scope; errors carry the label and the stack of the call. Indices outside
   * their range, which are ignored otherwise, are reported as an IndexError.
   */
  readonly debug?: boolean;
  /** Throw OutOfMemoryError at once when live and pooled buffers would exceed this. */
  readonly memoryBudgetBytes?: number;
  /** Kernel variants are those of this table, and the defaults where it names none; nothing is measured. */
  readonly tuning?: TuningTable;
}

/** Chromium fails the reads of a lost device before it tells of the loss, on a busy machine long before. */
const LOSS_NEWS_MS = 500;

export class Device {
  readonly pool: BufferPool;
  readonly pipelines: PipelineCache;
  readonly eager: EagerRecorder;
  /** Small results of compiled steps. */
  readonly cells: Cells;
  readonly errors = new ErrorSink();
  /** Which variants of its kernels run; `tuning.hash` names the choice. */
  readonly tuning: Tuning;
  readonly debug: boolean;
  /** Only in debug mode. */
  readonly indexReports: IndexReports | null;
  /** Resolves with the reason when the device is lost, `destroy()` included. */
  readonly lost: Promise<string>;
  /** Where ops go: the eager recorder, or the trace of a capture. */
  recorder: Recorder;
  profiler: Profiler | null = null;
  private readonly readBack: ReadBack;
  private readonly paced: Promise<undefined>[] = [];
  private lostBecause: string | null = null;
  private readonly nothings: Record<string, Bindable> = {};

  constructor(
    readonly gpu: GPUDevice,
    readonly adapter: AdapterSummary,
    options: DeviceOptions,
  ) {
    this.debug = options.debug ?? false;
    this.tuning = new Tuning(options.tuning?.entries);
    this.pool = new BufferPool(gpu, this.errors, options.memoryBudgetBytes, (buffers) =>
      this.eager.destroyInOrder(buffers),
    );
    this.pipelines = new PipelineCache(gpu, this.errors);
    this.eager = new EagerRecorder(this);
    this.recorder = this.eager;
    this.cells = new Cells(this);
    this.readBack = new ReadBack(this);
    this.indexReports = this.debug ? new IndexReports(this) : null;
    gpu.addEventListener("uncapturederror", (event) => {
      this.errors.report(new ValidationError(event.error.message));
      event.preventDefault();
    });
    this.lost = gpu.lost.then((info) => {
      this.lostBecause = info.message || info.reason || "unknown reason";
      this.eager.abandon(new DeviceLostError(`the device was lost: ${this.lostBecause}`));
      return this.lostBecause;
    });
  }

  get features(): ReadonlySet<string> {
    return this.gpu.features as ReadonlySet<string>;
  }

  get limits(): GPUSupportedLimits {
    return this.gpu.limits;
  }

  /** One line for people: `SwiftShader Device (LLVM 16.0.0), software`. */
  get name(): string {
    return nameOf(this.adapter);
  }

  get isLost(): boolean {
    return this.lostBecause !== null;
  }

  /** Throws if the device is lost. */
  check(op: string): void {
    if (this.lostBecause !== null)
      throw new DeviceLostError(`${op}: the device was lost: ${this.lostBecause}`);
  }

  /** Bytes in use and kept for reuse, and the live tensors by label. */
  memory(): MemoryReport {
    return this.pool.report();
  }

  /** The bytes of a tensor once everything recorded before has run. */
  read(source: Bindable): Promise<ArrayBuffer> {
    return this.readBack.read(source);
  }

  /** Submits what is recorded. */
  flush(): void {
    this.eager.flush();
  }

  /** Resolves when all work so far has run on the GPU; throws what went wrong in it. */
  async settle(): Promise<void> {
    this.check("settle");
    this.indexReports?.poll();
    await this.eager.unparked();
    this.eager.flush();
    await Promise.all([this.gpu.queue.onSubmittedWorkDone(), this.errors.settle()]);
    this.check("settle");
  }

  /** Waits until at most `limit` calls of this are not yet done on the GPU: a loop that calls it once a step cannot run ahead. */
  async pace(limit = 3): Promise<void> {
    this.flush();
    this.paced.push(this.eager.unparked().then(() => this.gpu.queue.onSubmittedWorkDone()));
    while (this.paced.length > limit) await this.paced.shift();
    if (this.debug) await this.settle();
    this.errors.raise();
    this.check("step");
  }

  /**
   * Measures the kernel variants of the shapes met so far, with `requestDevice({ autotune: true })`; else does nothing. A
   * compiled function's `prepare` does this by itself. Resolves true if choices were added: later calls use them.
   */
  tune(): Promise<boolean> {
    this.check("tune");
    return this.tuning.settle(this);
  }

  /** Runs `fn` and returns the time of every dispatch in it. Needs `timestamp-query`. */
  async profile<R>(fn: () => R | Promise<R>): Promise<{ result: R; rows: ProfileRow[] }> {
    await this.settle();
    if (this.profiler) throw new UsageError("profile: another profile of this device is under way");
    const profiler = new Profiler(this.gpu);
    this.profiler = profiler;
    try {
      const result = await fn();
      await this.settle();
      return { result, rows: await profiler.rows() };
    } finally {
      this.profiler = null;
      profiler.destroy();
    }
  }

  /** Why the device was lost, or null; waits a moment, since the news can come after the failure it caused. */
  async lostReason(): Promise<string | null> {
    if (this.lostBecause === null)
      await Promise.race([this.lost, new Promise((r) => setTimeout(r, LOSS_NEWS_MS))]);
    return this.lostBecause;
  }

  /** Ends the device: every tensor and program of it throws DeviceLostError from now on. */
  destroy(): void {
    this.gpu.destroy();
  }

  /** What an optional binding that is not given points at; writable ones of one dispatch must not overlap: `nth` apart. */
  nothing(access: "read" | "read_write", nth = 0): Bindable {
    const key = `${access}${access === "read" ? 0 : nth}`;
    let zero: Bindable | undefined = this.nothings[key];
    if (!zero) {
      const storage = this.pool.allocate(16, "nothing");
      storage.retain();
      zero = this.nothings[key] = { device: this, storage, byteOffset: 0, byteLength: 16 };
      this.eager.upload(zero, new Uint8Array(16));
    }
    return zero;
  }
}

/** Opens a device on an adapter with the largest buffers it offers and the features wgrad can use. */
export async function openDevice(adapter: GPUAdapter, options: DeviceOptions = {}): Promise<Device> {
  checkTuning(summarise(adapter), options.tuning);
  return new Device(await requestGpu(adapter, options), summarise(adapter), options);
}

function checkTuning(adapter: AdapterSummary, tuning: TuningTable | undefined): void {
  if (tuning === undefined) return;
  const measured = checkTuningTable("requestDevice: tuning", tuning).adapter;
  const here = adapterKey(adapter);
  if (measured !== null && measured !== here)
    throw new OptionError(
      `requestDevice: tuning was measured on ${measured}, this is ${here}; with adapter: null it is taken for any`,
    );
}

let defaultDevice: Device | null = null;

/** Makes this the device of tensors created without one, if there is none yet or the old one is lost. */
export function setDefaultDevice(device: Device, replace = false): void {
  if (replace || defaultDevice === null || defaultDevice.isLost) defaultDevice = device;
}

/** The device new tensors go to. */
export function currentDevice(): Device {
  if (!defaultDevice) throw new DeviceError("no device: call `await requestDevice()` first");
  return defaultDevice;
}

/** Runs `fn` with another device as the default. */
export function withDevice<R>(device: Device, fn: () => R): R {
  const before = defaultDevice;
  defaultDevice = device;
  try {
    return fn();
  } finally {
    defaultDevice = before;
  }
}
