// The two roofs of an adapter, measured where they are needed, since a machine's speed varies: multiply-adds in registers
// alone (peak_fma.wgsl) and memory read and written in a row (stream.wgsl). Kernels are judged by their share of them.

import type { Device } from "../gpu/device.ts";
import { kernel } from "../gpu/kernel.ts";
import { peakFma as peakFmaShader, stream as streamShader } from "../gpu/shaders.gen.ts";
import { zeros } from "../tensor/create.ts";
import { empty } from "../tensor/tensor.ts";

const peakFma = kernel(peakFmaShader);
const stream = kernel(streamShader);

const WG = 64;
const PEAK_GROUPS = 128;
const PEAK_FLOPS = PEAK_GROUPS * 2_097_152; // the shader's header
const STREAM_ELEMENTS = 4 * 1024 * 1024; // 16 MB each way: past the caches
const STREAM_GROUPS = STREAM_ELEMENTS / 1024; // the shader's header

/** Something to time: `amount` FLOP or bytes a call. */
export interface Roof {
  readonly run: () => void;
  readonly amount: number;
}

export interface Roofs {
  readonly peak: Roof;
  readonly stream: Roof;
  /** Frees the buffers: 32 MB. */
  readonly release: () => void;
}

/** The calls to time on a device, one dispatch each. */
export function roofs(device: Device): Roofs {
  const sums = empty([PEAK_GROUPS * WG], "f32", device);
  const x = zeros([STREAM_ELEMENTS], { device });
  const y = empty([STREAM_ELEMENTS], "f32", device);
  const a = { grid: [PEAK_GROUPS, 1, 1], flops: PEAK_FLOPS, label: "peak" };
  return {
    peak: { run: () => peakFma({ y: sums }, { a: 0.5, b: 1 }, a), amount: PEAK_FLOPS },
    stream: {
      run: () => stream({ x, y }, { s: 0.5 }, { grid: [STREAM_GROUPS, 1, 1], label: "stream" }),
      amount: 8 * STREAM_ELEMENTS,
    },
    release: () => {
      for (const t of [sums, x, y]) t.release("roofs");
    },
  };
}
