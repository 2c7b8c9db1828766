// Counts what a library asks of WebGPU by wrapping the API's prototypes. Load this before the library.

export interface Counts {
  readonly dispatches: number;
  readonly submits: number;
  readonly buffersCreated: number;
  readonly bindGroupsCreated: number;
  readonly pipelinesCreated: number;
}

type Count = keyof Counts;

const totals: Record<Count, number> = {
  dispatches: 0,
  submits: 0,
  buffersCreated: 0,
  bindGroupsCreated: 0,
  pipelinesCreated: 0,
};

/** Bytes of the buffers created and not yet destroyed; one that is only dropped counts until the end. */
let liveBytes = 0;
let peakBytes = 0;
const live = new WeakSet<GPUBuffer>();

type Method = (...args: unknown[]) => unknown;

/** Calls `before` at each call of prototype[method]. */
function onCall(prototype: object, method: string, after: (self: unknown, result: unknown) => void): void {
  const methods = prototype as Record<string, Method>;
  const original = methods[method];
  if (!original) return;
  methods[method] = function (this: unknown, ...args: unknown[]) {
    const result = original.apply(this, args);
    after(this, result);
    return result;
  };
}

const count = (name: Count) => () => {
  totals[name]++;
};

/** Wraps the API of this page; once. */
export function wrapWebGpu(): void {
  for (const method of ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"])
    onCall(GPUComputePassEncoder.prototype, method, count("dispatches"));
  onCall(GPUQueue.prototype, "submit", count("submits"));
  onCall(GPUDevice.prototype, "createBindGroup", count("bindGroupsCreated"));
  for (const method of ["createComputePipeline", "createComputePipelineAsync"])
    onCall(GPUDevice.prototype, method, count("pipelinesCreated"));
  onCall(GPUDevice.prototype, "createBuffer", (_, buffer) => {
    totals.buffersCreated++;
    live.add(buffer as GPUBuffer);
    liveBytes += (buffer as GPUBuffer).size;
    peakBytes = Math.max(peakBytes, liveBytes);
  });
  onCall(GPUBuffer.prototype, "destroy", (buffer) => {
    if (live.delete(buffer as GPUBuffer)) liveBytes -= (buffer as GPUBuffer).size;
  });
}

/** What `work` asks for, and the largest number of bytes in buffers while it ran, those made before included. */
export async function counted(work: () => Promise<void>): Promise<Counts & { readonly peakBytes: number }> {
  const before = { ...totals };
  peakBytes = liveBytes;
  await work();
  const names = Object.keys(totals) as Count[];
  const counts = Object.fromEntries(names.map((k) => [k, totals[k] - before[k]])) as unknown as Counts;
  return { ...counts, peakBytes };
}
