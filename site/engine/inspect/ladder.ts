// The ladder of a convolution: every kernel of the engine that takes the layer's shape, timed in turns on this device, and its text.

import { type Device, withDevice } from "../../../src/gpu/device.ts";
import { type ConvGeometry, convGeometry } from "../../../src/kernels/conv2d_geometry.ts";
import { CONV_VARIANTS, type ConvVariant, takes } from "../../../src/kernels/conv2d_variants.ts";
import { operands } from "../../../src/kernels/trial_operands.ts";
import { repeatsFor, sample, type TrialRun } from "../../../src/kernels/trial_timing.ts";
import { compile } from "../../../src/tensor/compile.ts";
import { keep, scope } from "../../../src/tensor/scope.ts";
import { empty, type Tensor } from "../../../src/tensor/tensor.ts";
import type { LayerSpec } from "../layers.ts";

export interface Rung {
  readonly name: string;
  /** Microseconds, median of the rounds, results written and nothing read back. */
  readonly us: number;
  /** Texts of its dispatches, as they were compiled. */
  readonly wgsl: string;
}

/** From the plainest to what workgroups do together. */
const NAMES: readonly (readonly [ConvVariant, string])[] = [
  ["naive", "naive: one thread an output"],
  ["direct", "register: a strip of outputs in the registers of a thread"],
  ["quad", "quad: registers shared by four threads of a subgroup"],
  ["implicit", "tiled: patches gathered into workgroup memory"],
  ["pointwise", "product of matrices: a 1x1 kernel is one"],
  ["winograd", "winograd: fewer multiplications, F(2x2, 3x3)"],
];
const ROUNDS = 5;

type Conv = Extract<LayerSpec, { kind: "conv" }>;

/** Forward pass over x [n, c, h, w] with random numbers. */
export async function ladder(device: Device, spec: Conv, shape: readonly number[]): Promise<Rung[]> {
  const { channels: o, kernel: k, stride, padding } = spec;
  const weightShape = [o, shape[1], k, k];
  const g = convGeometry("ladder", shape, weightShape, { stride, padding });
  const rungs = NAMES.filter(([variant]) => takes(variant, "forward", g, device));
  const [x, weight, bias] = withDevice(device, () =>
    scope(() => operands(device, shape, weightShape, [o]).map(keep), "ladder"),
  );
  try {
    const runs = new Map(
      rungs.map(([variant, name]) => [name, () => [forward(device, variant, g, x, weight, bias)]]),
    );
    const texts = new Map<string, string>();
    for (const [variant, name] of rungs) texts.set(name, await textOf(device, variant, g, [x, weight, bias]));
    const times = await timed(device, runs);
    return rungs.map(([, name]) => ({ name, us: times.get(name)!, wgsl: texts.get(name)! }));
  } finally {
    for (const t of [x, weight, bias]) t.release("ladder");
  }
}

function forward(
  device: Device,
  variant: ConvVariant,
  g: ConvGeometry,
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
): Tensor {
  const y = empty([g.n, g.o, g.oh, g.ow], "f32", device);
  CONV_VARIANTS[variant].forward({ x, weight, bias, y }, g);
  return y;
}

/** Each rung in every round, so that a busy machine slows all alike. */
async function timed(device: Device, runs: ReadonlyMap<string, TrialRun>): Promise<Map<string, number>> {
  const stand = { device, now: () => performance.now() };
  const rungs: { name: string; run: TrialRun; repeats: number; ms: number[] }[] = [];
  for (const [name, forwards] of runs) {
    const run = () => withDevice(device, forwards);
    await sample(stand, run, 1); // compiled
    rungs.push({ name, run, repeats: await repeatsFor(stand, run), ms: [] });
  }
  for (let round = 0; round < ROUNDS; round++)
    for (const { run, repeats, ms } of rungs) ms.push(await sample(stand, run, repeats));
  return new Map(rungs.map(({ name, ms }) => [name, ms.sort((a, b) => a - b)[ms.length >> 1] * 1000]));
}

async function textOf(
  device: Device,
  variant: ConvVariant,
  g: ConvGeometry,
  args: readonly Tensor[],
): Promise<string> {
  const step = compile(
    (x: Tensor, weight: Tensor, bias: Tensor) => forward(device, variant, g, x, weight, bias),
    { fuse: false },
  );
  await withDevice(device, () => step.prepare(args[0], args[1], args[2]));
  return step.programs[0].pipelines.map(({ code }) => code).join("\n// ---- the next dispatch ----\n");
}
