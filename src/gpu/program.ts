// A captured step, ready to run again: buffers assigned, bind groups and params baked, replayed in one pass and one
// submit. This is the plain program: no fusion, no memory plan, one buffer per storage.

import { BindGroups } from "./bind_groups.ts";
import type { Device } from "./device.ts";
import { type Bindable, type Dispatch, writeParam } from "./dispatch.ts";
import { bindingRange, PARAMS_STRIDE, writeAligned } from "./eager.ts";
import type { PipelineEntry } from "./pipeline.ts";
import type { Trace } from "./trace.ts";

interface Step {
  readonly entry: PipelineEntry;
  readonly group: GPUBindGroup;
  readonly offset: readonly number[];
  readonly grid: readonly [number, number, number];
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

export class Program {
  readonly dispatches: readonly Dispatch[];
  readonly pipelines: readonly PipelineEntry[];
  private readonly steps: Step[] = [];
  private readonly paramsBuffer: GPUBuffer;
  /** Params that hold host scalars come first, so that one writeBuffer renews them all. */
  private readonly live: DataView;
  private readonly slots: number[];
  private readonly rewritten: Upload[];
  /** Runs that wait for a pipeline. */
  private parked = 0;
  private dropped = false;

  constructor(
    private readonly device: Device,
    private readonly trace: Trace,
  ) {
    this.dispatches = trace.dispatches;
    this.pipelines = [...new Set(trace.dispatches.map((d) => d.pipeline))];
    for (const s of trace.storages) device.pool.materialise(s);

    const { slots, liveBytes, totalBytes } = layoutParams(this.dispatches);
    this.slots = slots;
    const baked = new DataView(new ArrayBuffer(Math.max(totalBytes, PARAMS_STRIDE)));
    this.dispatches.forEach((d, i) => {
      for (const p of d.params)
        if (typeof p.value === "number") writeParam(baked, slots[i] + p.offset, p.type, p.value);
    });
    const UNIFORM_COPY_DST = 0x40 | 0x08;
    const { gpu } = device;
    this.paramsBuffer = gpu.createBuffer({
      size: baked.byteLength,
      usage: UNIFORM_COPY_DST,
      label: "program params",
    });
    gpu.queue.writeBuffer(this.paramsBuffer, 0, baked.buffer as ArrayBuffer);
    this.live = new DataView(baked.buffer, 0, liveBytes);

    this.bake();
    this.rewritten = this.constants();
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
      const p = this.dispatches[e.dispatch].params[e.param];
      const value = first || typeof p.value === "number" ? e.value : p.value.read();
      writeParam(this.live, this.slots[e.dispatch] + p.offset, p.type, value);
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
      for (const u of this.rewritten)
        writeAligned(gpu, u.target.storage.buffer.gpu, u.target.byteOffset, u.data);
      for (const u of uploadBytes)
        writeAligned(gpu, u.target.storage.buffer.gpu, u.target.byteOffset, u.data);
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
    this.paramsBuffer.destroy();
  }

  private encode(pass: GPUComputePassEncoder): void {
    let current: GPUComputePipeline | null = null;
    for (const { entry, group, offset, grid } of this.steps) {
      if (entry.pipeline !== current) pass.setPipeline((current = entry.pipeline!));
      pass.setBindGroup(0, group, offset);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    }
    pass.end();
  }

  private encodeTimed(encoder: GPUCommandEncoder): void {
    this.steps.forEach(({ entry, group, offset, grid }, i) => {
      const pass = encoder.beginComputePass({
        timestampWrites: this.device.profiler!.begin(this.dispatches[i]),
      });
      pass.setPipeline(entry.pipeline!);
      pass.setBindGroup(0, group, offset);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
      pass.end();
    });
  }

  private bake(): void {
    const groups = new BindGroups(this.device.gpu, this.paramsBuffer);
    this.dispatches.forEach((d, i) => {
      const buffers = d.bindings.map((b) => b.source.storage.buffer);
      const ranges = d.bindings.map((b) => bindingRange(b.source));
      const group = groups.get(d.pipeline, d.bindings, buffers, ranges, d.paramsBytes);
      const offset = d.pipeline.paramsBinding === null ? [] : [this.slots[i]];
      this.steps.push({ entry: d.pipeline, group, offset, grid: d.grid });
    });
  }

  /** Host values used inside are written once; those that a dispatch changes, before every run. */
  private constants(): Upload[] {
    const written = new Set(
      this.dispatches
        .flatMap((d) => d.bindings.filter((b) => b.access !== "read"))
        .map((b) => b.source.storage),
    );
    const uploads = this.trace.constants.map((c) => ({ target: c.target, data: c.bytes }));
    const once = uploads.filter((u) => !written.has(u.target.storage));
    // In order with the rest: these buffers may come from the pool, with work of their former owners still to run.
    for (const u of once) this.device.eager.upload(u.target, u.data);
    return uploads.filter((u) => written.has(u.target.storage));
  }
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

function layoutParams(dispatches: readonly Dispatch[]): {
  slots: number[];
  liveBytes: number;
  totalBytes: number;
} {
  const isLive = (d: Dispatch) => d.params.some((p) => typeof p.value !== "number");
  const slots: number[] = new Array(dispatches.length).fill(0);
  let at = 0;
  const place = (d: Dispatch, i: number) => {
    slots[i] = at;
    at += Math.ceil(d.paramsBytes / PARAMS_STRIDE) * PARAMS_STRIDE;
  };
  dispatches.forEach((d, i) => {
    if (isLive(d)) place(d, i);
  });
  const liveBytes = at;
  dispatches.forEach((d, i) => {
    if (!isLive(d)) place(d, i);
  });
  return { slots, liveBytes, totalBytes: at };
}
