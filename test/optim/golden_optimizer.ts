// Runs PyTorch's 50 recorded steps of an optimizer: its options as wgrad has them, its gradients fed one by one.

import {
  Adam,
  AdamW,
  CosineAnnealingLR,
  ExponentialLR,
  LinearLR,
  MultiStepLR,
  type Optimizer,
  type Schedule,
  SGD,
  StepLR,
  WarmupCosineLR,
} from "../../src/optim/index.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { GoldenTensor, OptimizerCase } from "../golden/load.ts";

// biome-ignore lint/suspicious/noExplicitAny: options come from a file
type Options = Record<string, any>;
// biome-ignore lint/suspicious/noExplicitAny: any optimizer
type AnyOptimizer = Optimizer<any>;
type HasRates = ConstructorParameters<typeof Schedule>[0];

const OPTIMIZERS: Record<string, (params: Options[] | Tensor[], options: Options) => AnyOptimizer> = {
  sgd: (params, options) => new SGD(params as Tensor[], options as { lr: number }),
  adam: (params, options) => new Adam(params as Tensor[], options),
  adamW: (params, options) => new AdamW(params as Tensor[], options),
};

const SCHEDULES: Record<string, (optimizer: HasRates, options: Options) => Schedule> = {
  stepLR: (o, options) => new StepLR(o, options as { stepSize: number }),
  multiStepLR: (o, options) => new MultiStepLR(o, options as { milestones: number[] }),
  cosineLR: (o, options) => new CosineAnnealingLR(o, options as { tMax: number }),
  linearLR: (o, options) => new LinearLR(o, options),
  exponentialLR: (o, options) => new ExponentialLR(o, options as { gamma: number }),
  warmupCosineLR: (o, options) =>
    new WarmupCosineLR(o, options as { warmupSteps: number; totalSteps: number }),
};

export function makeSchedule(optimizer: HasRates, op: string, options: Options): Schedule {
  return SCHEDULES[op](optimizer, options);
}

export function goldenParams(params: readonly GoldenTensor[]): Tensor[] {
  return params.map((p) => parameter(p.shape, Float32Array.from(p.data as Float32Array)));
}

export function makeOptimizer(
  c: OptimizerCase,
  params: readonly Tensor[],
): { optimizer: AnyOptimizer; schedule: Schedule | null } {
  const { groups, schedule, ...rest } = c.options as Options;
  const input = groups
    ? (groups as Options[]).map((g) => ({ ...g, params: (g.params as number[]).map((i) => params[i]) }))
    : [...params];
  const optimizer = OPTIMIZERS[c.op](input, rest);
  if (!schedule) return { optimizer, schedule: null };
  const { op, ...options } = schedule as Options;
  return { optimizer, schedule: makeSchedule(optimizer, op, options) };
}

/** Parameter i's gradient at step t, from 0. */
export function gradientAt(grads: readonly GoldenTensor[], i: number, t: number): Float32Array {
  const { data, shape } = grads[i];
  const size = shape.slice(1).reduce((n, s) => n * s, 1);
  return (data as Float32Array).slice(t * size, (t + 1) * size);
}

/** expAvgSq -> exp_avg_sq, as a checkpoint has it. */
export function stateName(golden: string): string {
  return golden.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
}
