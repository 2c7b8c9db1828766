// Counts what a GPUDevice is asked to do, by wrapping it: not the engine's own counters.

export interface Counts {
  buffers: number;
  bindGroups: number;
  submits: number;
  dispatches: number;
  passes: number;
  pipelines: number;
  writes: number;
  maps: number;
  /** Bytes of the buffers alive. */
  liveBytes: number;
}

/** Wraps the device's methods in place; the counts returned go on counting. */
export function countCalls(device: GPUDevice): Counts {
  const counts: Counts = {
    buffers: 0,
    bindGroups: 0,
    submits: 0,
    dispatches: 0,
    passes: 0,
    pipelines: 0,
    writes: 0,
    maps: 0,
    liveBytes: 0,
  };
  wrap(device, "createBuffer", (buffer: GPUBuffer, [descriptor]: [GPUBufferDescriptor]) => {
    counts.buffers++;
    counts.liveBytes += descriptor.size;
    wrap(buffer, "destroy", () => {
      counts.liveBytes -= descriptor.size;
    });
    wrap(buffer, "mapAsync", () => {
      counts.maps++;
    });
  });
  wrap(device, "createBindGroup", () => {
    counts.bindGroups++;
  });
  wrap(device, "createComputePipelineAsync", () => {
    counts.pipelines++;
  });
  wrap(device, "createComputePipeline", () => {
    counts.pipelines++;
  });
  wrap(device.queue, "submit", () => {
    counts.submits++;
  });
  wrap(device.queue, "writeBuffer", () => {
    counts.writes++;
  });
  wrap(device, "createCommandEncoder", (encoder: GPUCommandEncoder) => {
    wrap(encoder, "beginComputePass", (pass: GPUComputePassEncoder) => {
      counts.passes++;
      wrap(pass, "dispatchWorkgroups", () => {
        counts.dispatches++;
      });
    });
  });
  return counts;
}

/** What was counted since `before`. */
export function since(counts: Counts, before: Counts): Counts {
  return Object.fromEntries(
    Object.entries(counts).map(([k, v]) => [k, v - before[k as keyof Counts]]),
  ) as unknown as Counts;
}

// biome-ignore lint/suspicious/noExplicitAny: any method of any WebGPU object
function wrap(object: any, name: string, after: (result: any, args: any) => void): void {
  const original = object[name].bind(object);
  object[name] = (...args: unknown[]) => {
    const result = original(...args);
    after(result, args);
    return result;
  };
}
