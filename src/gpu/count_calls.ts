// Counts what a GPUDevice is asked to do while a function runs, by wrapping its methods: what a replay really costs, whatever
// the engine says of itself.

/** Calls of WebGPU during one synchronous call. */
export interface CallCounts {
  submits: number;
  passes: number;
  dispatches: number;
  /** writeBuffer. */
  writes: number;
  /** copyBufferToBuffer. */
  copies: number;
  buffersCreated: number;
  bindGroupsCreated: number;
}

type Method = (...args: unknown[]) => unknown;

export function countCalls(device: GPUDevice, fn: () => void): CallCounts {
  const counts = {
    submits: 0,
    passes: 0,
    dispatches: 0,
    writes: 0,
    copies: 0,
    buffersCreated: 0,
    bindGroupsCreated: 0,
  };
  const undo: (() => void)[] = [];
  const wrap = (object: object, name: string, after: (result: unknown) => void) => {
    const methods = object as Record<string, Method>;
    const own = Object.getOwnPropertyDescriptor(object, name);
    const original = methods[name].bind(object);
    methods[name] = (...args) => {
      const result = original(...args);
      after(result);
      return result;
    };
    undo.push(() => (own ? Object.defineProperty(object, name, own) : delete methods[name]));
  };
  const count = (object: object, name: string, what: keyof CallCounts) =>
    wrap(object, name, () => counts[what]++);
  count(device, "createBuffer", "buffersCreated");
  count(device, "createBindGroup", "bindGroupsCreated");
  count(device.queue, "submit", "submits");
  count(device.queue, "writeBuffer", "writes");
  wrap(device, "createCommandEncoder", (encoder) => {
    count(encoder as object, "copyBufferToBuffer", "copies");
    wrap(encoder as object, "beginComputePass", (pass) => {
      counts.passes++;
      count(pass as object, "dispatchWorkgroups", "dispatches");
    });
  });
  try {
    fn();
  } finally {
    for (const u of undo.reverse()) u();
  }
  return counts;
}
