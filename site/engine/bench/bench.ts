// The bench of the site: kernels and a training step on the visitor's device. Correct first, then time: families of rows take turns
// with the roofs of the adapter, round by round, so that a busy machine slows all alike. Times are those of the clock around many
// calls, since browsers round the timestamps of the GPU to 0.1 ms.

import { type Device, withDevice } from "../../../src/gpu/device.ts";
import { roofs } from "../../../src/kernels/roofs.ts";
import { compile } from "../../../src/tensor/compile.ts";
import { scope } from "../../../src/tensor/scope.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import type { AdapterReport, BenchReport, BenchRow } from "../protocol.ts";
import { nextTask } from "../run/tasks.ts";
import { families, type Work } from "./bench_works.ts";

const ROUNDS = 7;
/** A measurement lasts so long at least: shorter ones drown in the cost of a submit. */
const MIN_MS = { hardware: 15, software: 25 };
/** So many times the wait for an idle GPU, which is 0.1 s in Firefox. */
const WAITS = 4;
const MAX_CALLS = 2000;

interface Timed {
  readonly run: () => void;
  /** Calls a measurement. */
  calls: number;
  /** Milliseconds of a call, one a round. */
  readonly ms: number[];
}

/** Rows are told as their family is done. Nothing else should run on the device meanwhile. */
export async function bench(
  device: Device,
  adapter: AdapterReport,
  tell: (row: BenchRow) => void,
): Promise<BenchReport> {
  const roof = withDevice(device, () => roofs(device));
  const peak: Timed = { run: roof.peak.run, calls: 1, ms: [] };
  const stream: Timed = { run: roof.stream.run, calls: 1, ms: [] };
  const clock = new Clock(device, await waitingMs(device, adapter.software));
  const rows: BenchRow[] = [];
  try {
    for (const roofOf of [peak, stream]) await clock.calibrate(roofOf);
    for (const family of families(adapter.software)) {
      const works = withDevice(device, () => family());
      const made: { row: Checked; timed: Timed }[] = [];
      for (const work of works) {
        const timed: Timed = { run: () => call(device, work), calls: 1, ms: [] };
        made.push({ row: await check(device, work), timed });
        await clock.calibrate(timed);
      }
      await clock.rounds([peak, stream, ...made.map((m) => m.timed)]);
      for (const [i, { row, timed }] of made.entries()) {
        const done = rowOf(row, timed.ms);
        rows.push(done);
        tell(done);
        works[i]!.release();
      }
      await nextTask();
    }
  } finally {
    roof.release();
  }
  const rate = (amount: number, { ms }: Timed) => amount / 1e6 / quantile(ms, 0.5);
  return {
    adapter,
    roofs: { gflops: rate(roof.peak.amount, peak), gbs: rate(roof.stream.amount, stream) },
    rows,
  };
}

type Checked = Pick<BenchRow, "name" | "kind" | "error" | "ok"> & { flops: number; bytes: number };

/** The work's values against float64, and what it costs by its dispatches. */
async function check(device: Device, work: Work): Promise<Checked> {
  const { name, kind } = work;
  const counted = compile(() => work.run(), { fuse: work.kind === "step" });
  await withDevice(device, () => counted.prepare());
  const { dispatches } = counted.programs[0]!;
  const sum = (of: (d: (typeof dispatches)[number]) => number) => dispatches.reduce((n, d) => n + of(d), 0);
  const cost = { flops: sum((d) => d.flops), bytes: sum((d) => d.bytes) };
  counted.programs[0]!.release();
  if (!work.expected) {
    call(device, work);
    await device.settle();
    return { ...{ name, kind, error: null, ok: true }, ...cost };
  }
  let read: Promise<ArrayLike<number>> | undefined;
  withDevice(device, () =>
    scope(() => {
      read = (work.run() as Tensor).data();
    }, "bench"),
  );
  const values = await read!;
  let error = 0;
  for (const [at, expected] of work.expected(values.length)) {
    const off = Math.abs(values[at]! - expected) / (1 + Math.abs(expected));
    error = Math.max(error, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
  }
  return { ...{ name, kind, error, ok: error <= work.bound }, ...cost };
}

function call(device: Device, work: Work): void {
  withDevice(device, () =>
    scope(() => {
      work.call();
    }, "bench"),
  );
}

class Clock {
  constructor(
    private readonly device: Device,
    private readonly minMs: number,
  ) {}

  /** Finds how many calls last long enough; shaders are compiled and buffers pooled then. */
  async calibrate(timed: Timed): Promise<void> {
    await this.wall(timed);
    for (;;) {
      const ms = (await this.wall(timed)) * timed.calls;
      if (ms >= this.minMs || timed.calls >= MAX_CALLS) return;
      const wanted = Math.ceil((timed.calls * 1.2 * this.minMs) / Math.max(ms, 0.01));
      timed.calls = Math.min(Math.max(wanted, timed.calls * 2), timed.calls * 16, MAX_CALLS);
    }
  }

  async rounds(list: readonly Timed[]): Promise<void> {
    for (let round = 0; round < ROUNDS; round++)
      for (const timed of round % 2 === 0 ? list : list.toReversed()) timed.ms.push(await this.wall(timed));
  }

  /** Milliseconds of a call. */
  private async wall({ run, calls }: Timed): Promise<number> {
    await this.device.settle();
    const start = performance.now();
    for (let i = 0; i < calls; i++) run();
    await this.device.settle();
    return (performance.now() - start) / calls;
  }
}

async function waitingMs(device: Device, software: boolean): Promise<number> {
  await device.settle();
  const start = performance.now();
  await device.settle();
  return Math.max(software ? MIN_MS.software : MIN_MS.hardware, WAITS * (performance.now() - start));
}

function rowOf({ flops, bytes, ...row }: Checked, ms: readonly number[]): BenchRow {
  const medianMs = quantile(ms, 0.5);
  return {
    ...row,
    ...{ medianUs: 1000 * medianMs, lowUs: 1000 * quantile(ms, 0.25), highUs: 1000 * quantile(ms, 0.75) },
    ...{
      gflops: flops / 1e6 / medianMs,
      gbs: bytes / 1e6 / medianMs,
      intensity: bytes > 0 ? flops / bytes : 0,
    },
  };
}

/** Of the sorted values, between neighbours in proportion. */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (at % 1) * ((sorted[Math.ceil(at)] ?? low) - low);
}
