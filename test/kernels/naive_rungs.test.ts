// The first rungs that the engine itself never runs, since the site's stepper runs one thread of them on the CPU: on the GPU they give
// what the engine's own kernels give.
import { beforeAll, expect, test } from "vitest";
import { grid1d, kernel } from "../../src/gpu/kernel.ts";
import {
  batchNormGradientNaive,
  batchNormStatisticsNaive,
  biasGradientNaive,
  crossEntropyNaive,
} from "../../src/gpu/shaders.gen.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { batchStatistics, runGradientSums } from "../../src/kernels/batch_norm_run.ts";
import { rowLosses, totalLoss } from "../../src/kernels/cross_entropy_run.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { randn, tensor } from "../../src/tensor/create.ts";
import { empty, type Tensor } from "../../src/tensor/tensor.ts";
import { expectClose } from "./golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

const [N, C, H, W] = [5, 70, 6, 7]; // channels beyond a workgroup
const EPS = 1e-5;
const ROUNDING = 1e-5; // of sums of some hundred numbers of size 1
const grid = (threads: number) => ({ grid: grid1d(Math.ceil(threads / 64)) });
const sizes = { n: N, c: C, plane: H * W };

async function same(mine: Tensor, engine: Tensor, name: string): Promise<void> {
  expectClose(await mine.data(), await engine.data(), ROUNDING, name);
}

test.each([[false], [true]])("cross_entropy_naive, mean %s", async (mean) => {
  const rows = 70;
  const logits = randn([rows, 11]);
  const labels = tensor(Int32Array.from({ length: rows }, (_, i) => (i * 7) % 11));
  const o = { reduction: "mean", ignoreIndex: -100, labelSmoothing: 0 } as const;
  const call = { logits, labels, weight: null, o };
  const engine = mean ? totalLoss(call) : rowLosses(call);
  const [loss, stats] = [empty(mean ? [1] : [rows]), empty([2, rows])];
  const run = kernel(crossEntropyNaive);
  run({ x: logits, labels, loss, stats }, { rows, n: 11 }, { ...grid(rows), constants: { MEAN: mean } });
  await same(loss, engine.loss, "loss");
  await same(stats, engine.stats, "stats");
});

test("batch_norm_statistics_naive and batch_norm_gradient_naive", async () => {
  const [x, dy] = [randn([N, C, H, W]), randn([N, C, H, W])];
  const engine = batchStatistics(x, null, null, 0.1, EPS);
  const [mean, rstd] = [empty([C]), empty([C])];
  kernel(batchNormStatisticsNaive)({ x, mean, rstd }, { ...sizes, eps: EPS }, grid(C));
  await same(mean, sum(engine.mean, 0), "mean");
  await same(rstd, engine.rstd, "rstd");

  const s = { mean: engine.mean, spread: engine.rstd, running: false, eps: EPS };
  const gradient = runGradientSums(dy, x, s);
  const [dweight, dbias] = [empty([C]), empty([C])];
  const run = kernel(batchNormGradientNaive);
  run({ dy, x, mean: engine.mean, rstd: engine.rstd, dweight, dbias }, sizes, grid(C));
  await same(dweight, gradient.dweight, "dweight");
  await same(dbias, gradient.dbias, "dbias");
});

test("bias_gradient_naive", async () => {
  const dy = randn([N, C, H, W]);
  const db = empty([C]);
  kernel(biasGradientNaive)({ dy, db }, sizes, grid(C));
  await same(db, sum(dy, [0, 2, 3]), "db");
  expect(db.size).toBe(C);
});
