// The two roofs that every run measures for itself, since the machine's speed varies: register-only multiply-adds
// (peak_fma.wgsl) and memory traffic (stream.wgsl). What is known of them: performance.md, repeated in KNOWN.
import type { Device } from "../src/gpu/device.ts";
import { kernel } from "../src/gpu/kernel.ts";
import { peakFma as peakFmaShader, stream as streamShader } from "../src/gpu/shaders.gen.ts";
import { empty } from "../src/tensor/tensor.ts";
import type { Bench, Ready } from "./kernels.ts";
import { operand } from "./products.ts";

const peakFma = kernel(peakFmaShader);
const streamThrough = kernel(streamShader);

const WG = 64;

const PEAK_GROUPS = 128;
const PEAK_FLOPS = PEAK_GROUPS * 2_097_152; // see the shader's header
const STREAM_ELEMENTS = 4 * 1024 * 1024;

export function roofs(): { readonly peak: Bench; readonly stream: Bench } {
  return {
    peak: {
      kernel: "peak (register-only FMA)",
      shape: `${PEAK_GROUPS} groups`,
      flops: PEAK_FLOPS,
      bytes: 4 * PEAK_GROUPS * WG,
      roof: "peak",
      setup: peak,
    },
    stream: {
      kernel: "stream (read + write)",
      shape: `[${STREAM_ELEMENTS / 1024 / 1024}M]`,
      flops: STREAM_ELEMENTS,
      bytes: 8 * STREAM_ELEMENTS,
      roof: "stream",
      setup: stream,
    },
  };
}

function peak(): Ready {
  const threads = PEAK_GROUPS * WG;
  const [a, b] = [0.5, 1];
  return {
    run: () => {
      const y = empty([threads]);
      peakFma({ y }, { a, b }, { grid: [PEAK_GROUPS, 1, 1], flops: PEAK_FLOPS });
      return y;
    },
    // Every chain has long come to rest at c = b / (1 - a); 8 chains of 4 components are summed.
    reference: () => Float64Array.from({ length: threads }, (_, i) => (32 * b) / (1 - a - (i & 7) * 0.001)),
  };
}

function stream(): Ready {
  const x = operand([STREAM_ELEMENTS], 1);
  return {
    run: () => {
      const y = empty([STREAM_ELEMENTS]);
      streamThrough({ x: x.tensor, y }, { s: 0.5 }, { grid: [STREAM_ELEMENTS / 1024, 1, 1] });
      return y;
    },
    reference: () => x.data.map((v) => v / 2),
  };
}

/** Best and median GFLOP/s of the peak on a quiet machine of the kind that performance.md was measured on. */
export interface KnownPeak {
  readonly adapter: string;
  readonly best: number;
  readonly median: number;
}

const KNOWN = [
  { adapter: "SwiftShader", pattern: /swiftshader/i, best: 37, median: 25 },
  { adapter: "lavapipe", pattern: /llvmpipe|lavapipe/i, best: 106, median: 54 },
];

export function knownPeak({ adapter }: Device): KnownPeak | null {
  return KNOWN.find((k) => k.pattern.test(`${adapter.architecture} ${adapter.description}`)) ?? null;
}
