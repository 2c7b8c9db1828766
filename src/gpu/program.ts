// A captured step, ready to run again: rewritten (fuse/), memory planned (plan.ts), bind groups and params baked, replayed
// in one pass and one submit.

import { BindGroups } from "./bind_groups.ts";
import type { Device } from "./device.ts";
import { type Bindable, type Dispatch, type DispatchParam, writeParam } from "./dispatch.ts";
import { bindingRange, PARAMS_STRIDE, writeAligned } from "./eager.ts";
import { optimise } from "./fuse/optimise.ts";
import { layoutParams, stride } from "./params_layout.ts";
import type { PipelineEntry } from "./pipeline.ts";
import { intervals, planMemory } from "./plan.ts";
import { type ProgramMemory, ProgramSlabs } from "./program_slabs.ts";
import { named, type Retained, writersOf } from "./retained.ts";
import type { Storage } from "./storage.ts";
import type { Trace } from "./trace.ts";

const UNIFORM_COPY_DST = 0x40 | 0x08;

interface Step {
  readonly entry: PipelineEntry;
  readonly group: GPUBindGroup;
  /** Its params' place in `offsets`, and how many it has: 1 or 0. */
  readonly at: number;
  readonly count: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** A copy made in the same submit: arguments in before the pass, results out after it. */
export interface Copy {
  readonly source: Bindable;
  readonly target: Bindable;
  readonly bytes: number;
}

export interface Upload {
  readonly target: Bindable;
  readonly data: Uint8Array;
}

export interface ProgramOptions {
  /** Storage of the arguments: filled before every run. */
  readonly inputs: ReadonlySet<Storage>;
  /** Storage of the results: read after every run. */
  readonly results: ReadonlySet<Storage>;
  /** Rewrite the recording; false runs it as it is. */
  readonly fuse: boolean | "all";
  /** Labels of recorded dispatches whose results are kept: written in every run, and not overwritten within it. */
  readonly retain?: (label: string) => boolean;
}

/** What an export writes down of a program (src/io/program_file.ts). */
export interface ProgramParts {
  readonly trace: Trace;
  /** Storage of the trace that keeps its content from run to run. */
  readonly pinned: ReadonlySet<Storage>;
  /** All params with the host scalars of some run, and where those of each dispatch begin. */
  readonly params: Uint8Array;
  readonly offsets: Uint32Array;
  readonly scalarPlaces: ReadonlyMap<DispatchParam, number>;
  /** Written before every run. */
  readonly rewritten: readonly Upload[];
}

export class Program {
  /** What runs, in order. */
  readonly dispatches: readonly Dispatch[];
  /** Number of dispatches that were recorded. */
  readonly recorded: number;
  readonly pipelines: readonly PipelineEntry[];
  /** What `retain` asked for, in the order of the recording. */
  readonly retained: readonly Retained[];
  private readonly slabs: ProgramSlabs;
  private readonly steps: Step[] = [];
  /** One typed array for all steps: a list a call costs Chromium half as much again for each dispatch. */
  private readonly offsets: Uint32Array<ArrayBuffer>;
  private readonly paramsBuffer: GPUBuffer;
  /** Params that hold host scalars come first, so that one writeBuffer renews them all. */
  private readonly live: DataView;
  /** Where in the params each host scalar goes. */
  private readonly scalarPlaces = new Map<DispatchParam, number>();
  private readonly rewritten: readonly Upload[];
  private readonly pinned: ReadonlySet<Storage>;
  /** Runs that wait for a pipeline. */
  private parked = 0;
  private dropped = false;

  constructor(
    private readonly device: Device,
    private readonly trace: Trace,
    { inputs, results: returned, fuse, retain }: ProgramOptions,
  ) {
    this.recorded = trace.dispatches.length;
    const wanted = retain ? named(trace, retain) : [];
    const results = new Set([...returned, ...wanted.map((w) => w.source.storage)]);
    const hosted = new Set(trace.constants.map((c) => c.target.storage));
    const world = {
      inside: trace.storages,
      fixed: new Set([...inputs, ...results, ...hosted]),
      make: (bytes: number, label: string) => trace.allocate(bytes, label),
    };
    const { once, list } = fuse
      ? optimise(trace.dispatches, world, device.pipelines, fuse)
      : { once: [], list: trace.dispatches };
    this.dispatches = list;
    this.retained = wanted.map((w) => ({ ...w, madeBy: writersOf(list, w.source.storage) }));
    this.pipelines = [...new Set(list.map((d) => d.pipeline))];
    for (const p of this.pipelines) void p.ready;

    const { written, unwritten } = this.constants();
    this.rewritten = written;
    this.pinned = new Set([...unwritten.map((u) => u.target.storage), ...madeBy(once)]);
    const early = new Set([...inputs, ...written.map((u) => u.target.storage)]);
    const planned = [...trace.storages].filter((s) => !this.pinned.has(s));
    const plan = planMemory(list, intervals(list, planned, early, results), device.pool.limit);
    this.slabs = new ProgramSlabs(device.pool, plan, this.pinned);
    const size = Math.max(
      list.reduce((n, d) => n + stride(d), 0),
      PARAMS_STRIDE,
    );
    this.paramsBuffer = device.gpu.createBuffer({ size, usage: UNIFORM_COPY_DST, label: "program params" });
    // In order with the rest: these buffers may come from the pool, with work of their former owners still to run.
    for (const u of unwritten) device.eager.upload(u.target, u.data);
    for (const d of once) device.eager.dispatch(d);

    const { slots, liveBytes, totalBytes } = layoutParams(list);
    this.offsets = new Uint32Array(slots);
    const baked = new DataView(new ArrayBuffer(Math.max(totalBytes, PARAMS_STRIDE)));
    list.forEach((d, i) => {
      for (const p of d.params) {
        if (typeof p.value === "number") writeParam(baked, slots[i] + p.offset, p.type, p.value);
        else this.scalarPlaces.set(p, slots[i] + p.offset);
      }
    });
    device.gpu.queue.writeBuffer(this.paramsBuffer, 0, baked.buffer as ArrayBuffer);
    this.live = new DataView(baked.buffer, 0, liveBytes);
    this.bake();
  }

  get memory(): ProgramMemory {
    return this.slabs.memory;
  }

  get parts(): ProgramParts {
    const { trace, pinned, offsets, scalarPlaces, rewritten } = this;
    return { trace, pinned, params: new Uint8Array(this.live.buffer), offsets, scalarPlaces, rewritten };
  }

  /** Resolves when every pipeline is compiled; throws if one is broken. */
  async ready(): Promise<void> {
    await Promise.all(this.pipelines.map((p) => p.ready));
    for (const p of this.pipelines) if (p.error) throw p.error;
  }

  /** Applies the host events of one more run and returns its scalars; `first`: those read while tracing. */
  advance(first: boolean): Uint8Array {
    for (const e of this.trace.events) {
      if (e.kind === "effect") {
        if (!first) e.apply();
        continue;
      }
      const { param } = e;
      const at = this.scalarPlaces.get(param);
      if (at === undefined) continue; // of a dispatch that nobody needs
      const value = first || typeof param.value === "number" ? e.value : param.value.read();
      writeParam(this.live, at, param.type, value);
    }
    for (const s of this.trace.persistentWrites) {
      s.version++;
      s.writer = "a compiled function";
    }
    return new Uint8Array(this.live.buffer, 0, this.live.byteLength);
  }

  /** Runs the program after all work recorded before: one pass, one submit. Nothing here may be undone. */
  submit(
    scalars: Uint8Array,
    uploads: readonly Upload[],
    copiesIn: readonly Copy[],
    copiesOut: readonly Copy[],
  ): void {
    const { device } = this;
    const { gpu, eager } = device;
    // Resolved now: outside storage may be released before a parked run happens.
    const into = copiesIn.map((c) => resolveCopy(c));
    const out = copiesOut.map((c) => resolveCopy(c));
    const waits = this.pipelines.some((p) => !p.pipeline) || eager.waiting;
    const scalarBytes = waits ? scalars.slice() : scalars;
    const uploadBytes = waits ? uploads.map((u) => ({ ...u, data: u.data.slice() })) : uploads;
    this.parked++;
    eager.enqueue(this.pipelines, () => {
      this.parked--;
      eager.flush();
      gpu.pushErrorScope("validation");
      if (scalarBytes.byteLength > 0) {
        gpu.queue.writeBuffer(
          this.paramsBuffer,
          0,
          scalarBytes.buffer,
          scalarBytes.byteOffset,
          scalarBytes.byteLength,
        );
      }
      for (const { target, data } of [...this.rewritten, ...uploadBytes]) {
        const { buffer } = target.storage;
        writeAligned(gpu, buffer.gpu, buffer.base + target.byteOffset, data);
      }
      const encoder = gpu.createCommandEncoder();
      for (const c of into) encoder.copyBufferToBuffer(c.from, c.fromAt, c.to, c.toAt, c.bytes);
      if (device.profiler) this.encodeTimed(encoder);
      else this.encode(encoder.beginComputePass());
      for (const c of out) encoder.copyBufferToBuffer(c.from, c.fromAt, c.to, c.toAt, c.bytes);
      device.profiler?.resolve(encoder);
      gpu.queue.submit([encoder.finish()]);
      device.errors.watch(gpu.popErrorScope());
      if (this.dropped) this.release();
    });
  }

  /** Frees the buffers, once nothing refers to the program any more and its last run is submitted. */
  release(): void {
    this.dropped = true;
    if (this.parked > 0) return;
    this.trace.release();
    this.slabs.release();
    this.paramsBuffer.destroy();
  }

  private encode(pass: GPUComputePassEncoder): void {
    const { steps, offsets } = this;
    let current: GPUComputePipeline | null = null;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i];
      const { pipeline } = step.entry;
      if (pipeline !== current) pass.setPipeline((current = pipeline!));
      pass.setBindGroup(0, step.group, offsets, step.at, step.count);
      pass.dispatchWorkgroups(step.x, step.y, step.z);
    }
    pass.end();
  }

  private encodeTimed(encoder: GPUCommandEncoder): void {
    this.steps.forEach(({ entry, group, at, count, x, y, z }, i) => {
      const pass = encoder.beginComputePass({
        timestampWrites: this.device.profiler!.begin(this.dispatches[i]),
      });
      pass.setPipeline(entry.pipeline!);
      pass.setBindGroup(0, group, this.offsets, at, count);
      pass.dispatchWorkgroups(x, y, z);
      pass.end();
    });
  }

  private bake(): void {
    const groups = new BindGroups(this.device.gpu, this.paramsBuffer);
    this.dispatches.forEach((d, i) => {
      const buffers = d.bindings.map((b) => b.source.storage.buffer);
      const ranges = d.bindings.map((b) => bindingRange(b.source));
      const group = groups.get(d.pipeline, d.bindings, buffers, ranges, d.paramsBytes);
      const count = d.pipeline.paramsBinding === null ? 0 : 1;
      const [x, y, z] = d.grid;
      this.steps.push({ entry: d.pipeline, group, at: i, count, x, y, z });
    });
  }

  /** Host values used inside: those that a dispatch changes must be written before every run. */
  private constants(): { written: Upload[]; unwritten: Upload[] } {
    const changed = new Set(
      this.dispatches
        .flatMap((d) => d.bindings.filter((b) => b.access !== "read"))
        .map((b) => b.source.storage),
    );
    const uploads = this.trace.constants.map((c) => ({ target: c.target, data: c.bytes }));
    return {
      written: uploads.filter((u) => changed.has(u.target.storage)),
      unwritten: uploads.filter((u) => !changed.has(u.target.storage)),
    };
  }
}

function madeBy(dispatches: readonly Dispatch[]): Storage[] {
  return dispatches.flatMap((d) =>
    d.bindings.filter((b) => b.access !== "read").map((b) => b.source.storage),
  );
}

function resolveCopy({ source, target, bytes }: Copy) {
  const from = source.storage.buffer;
  const to = target.storage.buffer;
  return {
    from: from.gpu,
    fromAt: source.byteOffset + from.base,
    to: to.gpu,
    toAt: target.byteOffset + to.base,
    bytes,
  };
}
