// A whole training step, eager against compiled: LeNet with batch norm, dropout and AdamW at batch 64, on made-up digits.
// The two take turns in one run; first their losses are compared.
import { crossEntropy } from "../src/kernels/cross_entropy.ts";
import { LeNet } from "../src/models/lenet.ts";
import { AdamW } from "../src/optim/adam.ts";
import { noise } from "../src/selftest/reference/matmul_reference.ts";
import { compile } from "../src/tensor/compile.ts";
import { tensor } from "../src/tensor/create.ts";
import { manualSeed } from "../src/tensor/random.ts";
import { scope } from "../src/tensor/scope.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import type { Candidate, Times } from "./measure.ts";
import { align, short } from "./report.ts";

const BATCH = 64;
const CHECKED_STEPS = 3;
const TOLERANCE = 1e-5; // of the loss

interface Step extends Candidate {
  readonly run: () => Tensor;
}

/** Both candidates, warmed up. Throws if their first losses differ. */
export async function trainSteps(): Promise<Candidate[]> {
  const steps = [eager(), compiled()];
  const losses: number[][] = [];
  for (const step of steps) {
    manualSeed(0); // the same dropout
    const seen: number[] = [];
    for (let i = 0; i < CHECKED_STEPS; i++) seen.push(await scope(step.run).item());
    losses.push(seen);
  }
  const [a, b] = losses as [number[], number[]];
  const agree = a.every((loss, i) => Math.abs(loss - b[i]!) <= TOLERANCE * Math.abs(loss));
  if (!agree)
    throw new Error(`digits step: eager and compiled losses differ, ${a.join(" ")} and ${b.join(" ")}`);
  return steps;
}

function eager(): Step {
  const step = trainer();
  const run = () => step(tensor(X, { shape: X_SHAPE }), tensor(Y, { shape: [BATCH] }));
  return { name: "digits step, eager", run };
}

function compiled(): Step {
  const step = compile(trainer());
  return { name: "digits step, compiled", run: () => step({ data: X, shape: X_SHAPE }, Y) };
}

const X_SHAPE = [BATCH, 1, 28, 28];
const X = Float32Array.from(noise(X_SHAPE, 1).data);
const Y = Int32Array.from({ length: BATCH }, (_, i) => i % 10);

/** One step of a fresh model: the same start for every call. */
function trainer(): (x: Tensor, y: Tensor) => Tensor {
  manualSeed(1);
  const model = new LeNet({ batchNorm: true, dropout: 0.25 });
  const optimizer = new AdamW(model.parameters(), { lr: 1e-3 });
  return (x, y) => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.minimize(loss);
    return loss;
  };
}

export function trainTable(steps: readonly Candidate[], times: readonly Times[]): string {
  const rows = steps.map(({ name }, i) => {
    const { median, best } = times[i]!;
    return [name, `batch ${BATCH}`, short(median), short(best), ((BATCH / median) * 1000).toFixed(0)];
  });
  return align([["training", "", "ms", "best", "images/s"], ...rows]);
}
