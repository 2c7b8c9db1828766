// Bind groups by what they bind. Params sit behind a dynamic offset, so a step that gets the same buffers from the pool
// finds the same groups again.

import type { DispatchBinding } from "./dispatch.ts";
import type { PipelineEntry } from "./pipeline.ts";
import type { PooledBuffer } from "./pool.ts";

/** Least recently made groups are dropped beyond this many. */
const CAPACITY = 4096;

export interface Range {
  readonly offset: number;
  readonly size: number;
}

export class BindGroups {
  private readonly groups = new Map<string, GPUBindGroup>();

  constructor(
    private readonly device: GPUDevice,
    private readonly params: GPUBuffer,
  ) {}

  get(
    pipeline: PipelineEntry,
    bindings: readonly DispatchBinding[],
    buffers: readonly PooledBuffer[],
    ranges: readonly Range[],
    paramsBytes: number,
  ): GPUBindGroup {
    let key = `${pipeline.layoutId},${paramsBytes}`;
    for (let i = 0; i < buffers.length; i++) key += `|${buffers[i].id},${ranges[i].offset},${ranges[i].size}`;
    let group = this.groups.get(key);
    if (!group) {
      const entries: GPUBindGroupEntry[] = bindings.map((b, i) => ({
        binding: b.binding,
        resource: { buffer: buffers[i].gpu, ...ranges[i] },
      }));
      if (pipeline.paramsBinding !== null) {
        entries.push({
          binding: pipeline.paramsBinding,
          resource: { buffer: this.params, size: paramsBytes },
        });
      }
      group = this.device.createBindGroup({ layout: pipeline.layout, entries });
      if (this.groups.size >= CAPACITY) this.groups.delete(this.groups.keys().next().value!);
      this.groups.set(key, group);
    }
    return group;
  }
}
