// The training loop: loss falls, callbacks get the right numbers, abort, validation, clipping, compiled or not.

import { beforeAll, describe, expect, test } from "vitest";
import { DataLoader } from "../../src/data/loader.ts";
import { standardize } from "../../src/data/transforms/standardize.ts";
import { NotFiniteError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { weightsSha256 } from "../../src/train/checkpoint.ts";
import { type EpochReport, evaluate, type FitOptions, fit, type StepReport } from "../../src/train/fit.ts";
import { BATCH, bars, CLASSES, held, network, SAMPLES, start } from "./small.ts";

beforeAll(async () => {
  await requestDevice();
});

const STEPS = Math.ceil(SAMPLES / BATCH); // an epoch

type Parts = ReturnType<typeof start>;
const run = ({ loader, ...parts }: Parts, options: Partial<FitOptions>) =>
  fit({ ...parts, train: loader, loss: crossEntropy, epochs: 1, ...options });

test("the loss falls, and held-out accuracy rises above chance", async () => {
  const parts = start({ steps: 15 * STEPS });
  const { epochs } = await run(parts, { epochs: 15, validation: held() });
  const [first, last] = [epochs[0], epochs.at(-1)!];
  expect(last.trainLoss).toBeLessThan(first.trainLoss / 2);
  expect(last.loss).toBeLessThan(first.loss);
  expect(last.accuracy).toBeGreaterThan(0.8);
});

test("callbacks: numbers, order and means over exactly the steps since the last report", async () => {
  const parts = start({ augment: false });
  const calls: string[] = [];
  const steps: StepReport[] = [];
  const epochs: EpochReport[] = [];
  const callback = {
    onStep: async (r: StepReport) => {
      await null;
      calls.push(`step ${r.step} of epoch ${r.epoch}`);
      steps.push(r);
    },
    onEpoch: (r: EpochReport) => {
      calls.push(`epoch ${r.epoch}`);
      epochs.push(r);
    },
    onEnd: () => calls.push("end"),
  };
  const losses: Tensor[] = [];
  const loss = (logits: Tensor, target: Tensor) => {
    const value = crossEntropy(logits, target);
    losses.push(value);
    return value;
  };
  const result = await run(parts, {
    epochs: 2,
    reportEvery: 4,
    callbacks: [callback, {}],
    loss,
    compile: false,
  });
  expect(calls).toEqual([
    "step 4 of epoch 0",
    "epoch 1",
    "step 8 of epoch 1",
    "step 12 of epoch 1",
    "epoch 2",
    "end",
  ]);
  expect(result).toEqual({ step: 2 * STEPS, epochs, aborted: false });
  expect(epochs.map((e) => [e.step, e.loss, e.accuracy])).toEqual([
    [STEPS, Number.NaN, Number.NaN],
    [2 * STEPS, Number.NaN, Number.NaN],
  ]);
  expect(losses.length).toBe(2 * STEPS);
  for (const r of steps) {
    expect(r.samplesPerSecond).toBeGreaterThan(0);
    expect(r.lr).toBeGreaterThan(0);
    expect(r.accuracy).toBeGreaterThanOrEqual(0);
  }
});

test("compiled and op by op: the same losses, and the report is their mean", async () => {
  const of = async (compiled: boolean) => {
    const parts = start();
    const seen: StepReport[] = [];
    const { epochs } = await run(parts, {
      epochs: 2,
      reportEvery: 1,
      compile: compiled,
      clipNorm: 0.5,
      callbacks: [{ onStep: (r: StepReport) => seen.push(r) }],
    });
    return { seen, epochs, hash: await weightsSha256(parts.model) };
  };
  const [compiled, eager] = [await of(true), await of(false)];
  expect(compiled.seen.length).toBe(2 * STEPS);
  for (const [i, r] of compiled.seen.entries())
    expect(Math.abs(r.loss - eager.seen[i].loss), `step ${i + 1}`).toBeLessThan(1e-5);
  const first = compiled.seen.slice(0, STEPS);
  const sizes = first.map((_, i) => Math.min(BATCH, SAMPLES - i * BATCH));
  const mean = first.reduce((sum, r, i) => sum + r.loss * sizes[i], 0) / SAMPLES;
  expect(compiled.epochs[0].trainLoss).toBeCloseTo(mean, 5);
  expect(compiled.hash, "one kernel after the other, the same numbers").toBe(eager.hash);
});

test("clipNorm bounds the step", async () => {
  const moved = async (clipNorm: number | undefined) => {
    manualSeed(1);
    const model = network({ dropout: 0 });
    const before = await Promise.all(model.parameters().map((p) => p.data().then((d) => d.slice())));
    const loader = new DataLoader<"x" | "y">(bars(8), { batchSize: 8, transform: toFloats });
    await fit({
      model,
      optimizer: new SGD(model.parameters(), { lr: 1 }),
      loss: crossEntropy,
      train: loader,
      epochs: 1,
      clipNorm,
    });
    let sum = 0;
    for (const [i, p] of model.parameters().entries())
      (await p.data()).forEach((v, k) => {
        sum += (v - before[i][k]) ** 2;
      });
    return Math.sqrt(sum);
  };
  expect(await moved(0.01)).toBeCloseTo(0.01, 5);
  expect(await moved(undefined)).toBeGreaterThan(0.02);
});

const toFloats = standardize<"x" | "y">({ mean: 0, std: 1, field: "x" });

describe("abort", () => {
  test("after the running step; the loader stands at the next batch; no onEpoch, no onEnd", async () => {
    const parts = start();
    const controller = new AbortController();
    const calls: string[] = [];
    const result = await run(parts, {
      epochs: 3,
      reportEvery: 1,
      signal: controller.signal,
      callbacks: [
        {
          onStep: (r: StepReport) => {
            calls.push(`step ${r.step}`);
            if (r.step === 3) controller.abort();
          },
          onEpoch: () => calls.push("epoch"),
          onEnd: () => calls.push("end"),
        },
      ],
    });
    expect(result).toEqual({ step: 3, epochs: [], aborted: true });
    expect(calls).toEqual(["step 1", "step 2", "step 3"]);
    expect(parts.loader.state()).toMatchObject({ epoch: 0, batch: 3 });
  });

  test("in two parts as in one, at every step of an epoch", async () => {
    const straight = start();
    await run(straight, { epochs: 2 });
    const want = await weightsSha256(straight.model);
    for (const at of [1, STEPS - 1, STEPS, STEPS + 2]) {
      const parts = start();
      const controller = new AbortController();
      const stop = { onStep: (r: StepReport) => r.step === at && controller.abort() };
      const half = await run(parts, {
        epochs: 2,
        reportEvery: 1,
        callbacks: [stop],
        signal: controller.signal,
      });
      expect(half.step).toBe(at);
      const rest = await run(parts, { epochs: 2, step: half.step });
      expect(rest.step, `stopped at ${at}`).toBe(2 * STEPS);
      expect(await weightsSha256(parts.model), `stopped at ${at}`).toBe(want);
    }
  });
});

describe("what is not finite", () => {
  const spoiled = (value: number, at: number) => {
    const parts = start({ augment: false });
    const [take, batch] = [parts.loader.at.bind(parts.loader), { count: 0 }];
    parts.loader.at = (epoch, index) => {
      const made = take(epoch, index);
      if (batch.count++ === at) (made.x.data as Float32Array)[70] = value;
      return made;
    };
    return parts;
  };

  test("data stop the run before the step, with field, sample and step", async () => {
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      const error = await run(spoiled(value, 2), {}).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(NotFiniteError);
      expect(error).toMatchObject({ step: 3, label: "x" });
      expect((error as Error).message).toMatch(
        /the data x hold .*\(sample 1 of the batch of step 3, element 6\)/,
      );
    }
  });

  test("a loss stops it at the next report, which says at which step it happened", async () => {
    const parts = start({ steps: 10 * STEPS });
    parts.optimizer.groups[0].lr = 1e30;
    const error = await run(parts, { epochs: 10, schedule: undefined, reportEvery: 5 }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(NotFiniteError);
    const { step, label } = error as NotFiniteError;
    expect(step).toBeGreaterThan(1);
    expect(step).toBeLessThanOrEqual(5);
    expect(parts.model.stateDict().has(label)).toBe(true);
  });

  test("unless asked not to look", async () => {
    const { step } = await run(spoiled(Number.NaN, 2), { checkFinite: false });
    expect(step).toBe(STEPS);
  });
});

describe("evaluate", () => {
  test("in evaluation mode, whatever mode it was; restored, also after an error; weights and statistics untouched", async () => {
    const { model, loader } = start();
    await run({ ...start(), model, loader } as Parts, { epochs: 1 });
    const before = await weightsSha256(model);
    model.train();
    const one = await evaluate(model, held(), crossEntropy);
    expect(model.training).toBe(true);
    model.eval();
    const two = await evaluate(model, held(), crossEntropy);
    expect(model.training).toBe(false);
    expect(two).toEqual(one);
    expect(await weightsSha256(model)).toBe(before);
    model.train();
    const broken = () => {
      throw new Error("broken loss");
    };
    await expect(evaluate(model, held(), broken)).rejects.toThrow("broken loss");
    expect(model.training).toBe(true);
  });

  test("loss and accuracy are those of the host", async () => {
    const { model } = start();
    model.eval();
    const data = held(21);
    const scores = await evaluate(model, data, crossEntropy);
    let loss = 0;
    let hits = 0;
    for (let i = 0; i < data.length; i++) {
      const { x, y } = data.at(0, i);
      const logits = (await model
        .forward(tensor(x.data as Float32Array, { shape: x.shape }))
        .data()) as Float32Array;
      for (let k = 0; k < y.data.length; k++) {
        const row = Array.from(logits.subarray(k * CLASSES, (k + 1) * CLASSES));
        const sum = row.reduce((s, v) => s + Math.exp(v), 0);
        loss += Math.log(sum) - row[y.data[k]];
        if (row.indexOf(Math.max(...row)) === y.data[k]) hits++;
      }
    }
    expect(scores.loss).toBeCloseTo(loss / 21, 5);
    expect(scores.accuracy).toBeCloseTo(hits / 21, 6);
  });
});

test("batches of bytes are refused, saying what to do", async () => {
  const { loader: _, ...parts } = start();
  const train = new DataLoader<"x" | "y">(bars(8), { batchSize: 8 });
  const failing = fit({ ...parts, train, loss: crossEntropy, epochs: 1 });
  await expect(failing).rejects.toThrow(UsageError);
  await expect(failing).rejects.toThrow(
    /fit: batches must hold f32, i32 or u32, got Uint8Array; add a transform/,
  );
});
