// Time per dispatch by timestamp queries: while a profile runs, every dispatch has a compute pass of its own with a
// timestamp before and after. That costs some overlap between kernels: compare parts, not the sum with a wall clock.

import type { Dispatch } from "./dispatch.ts";
import { UsageError } from "./errors.ts";

export interface ProfileRow {
  readonly label: string;
  readonly kernel: string;
  readonly grid: readonly [number, number, number];
  readonly flops: number;
  readonly bytes: number;
  /** Nanoseconds between the start of its submit's first dispatch and its own. */
  readonly startNs: number;
  /** Nanoseconds on the GPU. */
  readonly ns: number;
}

/** Timestamps a query set: WebGPU's limit is 4096. */
const CAPACITY = 4096;
const QUERY_RESOLVE_COPY_SRC = 0x200 | 0x04;
const MAP_READ_COPY_DST = 0x01 | 0x08;

export class Profiler {
  private readonly querySet: GPUQuerySet;
  private readonly resolved: GPUBuffer;
  private pending: Dispatch[] = [];
  private readonly batches: Promise<ProfileRow[]>[] = [];

  constructor(private readonly device: GPUDevice) {
    if (!device.features.has("timestamp-query")) {
      throw new UsageError("profile: this adapter has no timestamp-query");
    }
    this.querySet = device.createQuerySet({ type: "timestamp", count: CAPACITY });
    this.resolved = device.createBuffer({
      size: CAPACITY * 8,
      usage: QUERY_RESOLVE_COPY_SRC,
      label: "timestamps",
    });
  }

  /** Where the pass of this dispatch writes its two timestamps. Batches are far smaller than the query set. */
  begin(d: Dispatch): GPUComputePassTimestampWrites {
    const at = this.pending.length * 2;
    if (at + 2 > CAPACITY)
      throw new UsageError(`profile: more than ${CAPACITY / 2} dispatches in one submit`);
    this.pending.push(d);
    return { querySet: this.querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
  }

  /** Called before a submit: moves the timestamps of its passes to a buffer of their own. */
  resolve(encoder: GPUCommandEncoder): void {
    const batch = this.pending;
    if (batch.length === 0) return;
    this.pending = [];
    const bytes = batch.length * 16;
    const staging = this.device.createBuffer({ size: bytes, usage: MAP_READ_COPY_DST, label: "timestamps" });
    encoder.resolveQuerySet(this.querySet, 0, batch.length * 2, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, staging, 0, bytes);
    // Mapping must wait for the submit, which follows in the same task.
    const rows = Promise.resolve().then(() => readRows(staging, batch));
    rows.catch(() => {}); // thrown by rows(), if anybody still asks
    this.batches.push(rows);
  }

  /** One row per dispatch, in order. */
  async rows(): Promise<ProfileRow[]> {
    return (await Promise.all(this.batches)).flat();
  }

  destroy(): void {
    this.querySet.destroy();
    this.resolved.destroy();
  }
}

async function readRows(staging: GPUBuffer, batch: readonly Dispatch[]): Promise<ProfileRow[]> {
  await staging.mapAsync(1); // GPUMapMode.READ
  const times = new BigUint64Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return batch.map((d, i) => {
    // A clock that steps back between passes is a driver fault: report zero, not a huge number.
    const ns = Math.max(0, Number(times[2 * i + 1] - times[2 * i]));
    const startNs = Math.max(0, Number(times[2 * i] - times[0]));
    return { label: d.label, kernel: d.kernel, grid: d.grid, flops: d.flops, bytes: d.bytes, startNs, ns };
  });
}
