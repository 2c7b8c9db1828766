// Early stopping: patience, minDelta, NaN, and that the best weights come back, running statistics included.

import { beforeAll, expect, test } from "vitest";
import { OptionError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { fill } from "../../src/tensor/primitives.ts";
import { weightsSha256 } from "../../src/train/checkpoint.ts";
import { EarlyStopping, type EarlyStoppingOptions } from "../../src/train/early_stopping.ts";
import { type EpochReport, fit } from "../../src/train/fit.ts";
import { held, network, start } from "./small.ts";

beforeAll(async () => {
  await requestDevice();
});

function report(epoch: number, loss: number, accuracy = 0): EpochReport {
  return { step: epoch, epoch, trainLoss: loss, trainAccuracy: accuracy, loss, accuracy };
}

/** The epoch at which these losses stop the run; 0: never. */
function stopsAt(losses: number[], options: EarlyStoppingOptions): number {
  const stopping = new EarlyStopping(network(), { restoreBest: false, ...options });
  return 1 + losses.findIndex((loss, i) => stopping.onEpoch(report(i + 1, loss, loss)) === "stop");
}

const nan = Number.NaN;

test.each<[string, number[], EarlyStoppingOptions, number]>([
  ["patience 3 by default", [3, 2, 2, 2, 2], {}, 5],
  ["patience 1", [3, 4, 1], { patience: 1 }, 2],
  ["an improvement starts the count again", [3, 4, 2, 4, 4], { patience: 2 }, 5],
  ["always better", [5, 4, 3, 2, 1], { patience: 1 }, 0],
  ["minDelta: small gains do not count", [3, 2.95, 2.9, 2.5], { patience: 2, minDelta: 0.2 }, 3],
  ["measured from the best, not the last", [3, 2.9, 2.8, 2.7], { patience: 3, minDelta: 0.25 }, 0],
  ["NaN is no improvement", [nan, nan, 1], { patience: 2 }, 2],
  ["after a NaN a number is one", [nan, 5, nan, 4, nan, nan], { patience: 2 }, 6],
  ["accuracy rises", [0.1, 0.2, 0.2, 0.15], { monitor: "accuracy", patience: 2 }, 4],
  ["training accuracy", [0.1, 0.2, 0.3], { monitor: "trainAccuracy", patience: 1 }, 0],
])("%s", (_, losses, options, want) => {
  expect(stopsAt(losses, options)).toBe(want);
});

test("the best weights and statistics come back, to the bit", async () => {
  const model = network();
  const stopping = new EarlyStopping(model, { patience: 2 });
  const set = (value: number) => {
    for (const t of model.stateDict().values()) fill(t, value);
    return weightsSha256(model);
  };
  await set(1);
  stopping.onEpoch(report(1, 5));
  const best = await set(2);
  stopping.onEpoch(report(2, 4));
  await set(3);
  expect(stopping.onEpoch(report(3, 9))).toBeUndefined();
  expect(stopping.onEpoch(report(4, nan))).toBe("stop");
  stopping.onEnd();
  expect(await weightsSha256(model)).toBe(best);
  expect(stopping.best?.epoch).toBe(2);
});

test("restoreBest: false leaves the last weights; nothing seen, nothing restored", async () => {
  const model = network();
  const stopping = new EarlyStopping(model, { restoreBest: false });
  stopping.onEpoch(report(1, 5));
  for (const t of model.stateDict().values()) fill(t, 7);
  const last = await weightsSha256(model);
  stopping.onEnd();
  new EarlyStopping(model).onEnd();
  expect(await weightsSha256(model)).toBe(last);
});

test("ends a fit", async () => {
  const parts = start({ augment: false });
  const stopping = new EarlyStopping(parts.model, { patience: 1, minDelta: 1e9 });
  const hashes: string[] = [];
  const watch = {
    onEpoch: async () => {
      hashes.push(await weightsSha256(parts.model));
    },
  };
  const result = await fit({
    ...parts,
    train: parts.loader,
    validation: held(),
    loss: crossEntropy,
    epochs: 10,
    callbacks: [watch, stopping],
  });
  expect(result.epochs.map((e) => e.epoch)).toEqual([1, 2]);
  expect(result.aborted).toBe(false);
  expect(await weightsSha256(parts.model)).toBe(hashes[0]);
});

test.each<[EarlyStoppingOptions, RegExp]>([
  [{ patience: 0 }, /EarlyStopping: patience must be a positive integer, got 0/],
  [{ patience: 1.5 }, /patience must be a positive integer, got 1.5/],
  [{ minDelta: -1 }, /minDelta must not be negative, got -1/],
  [{ minDelta: nan }, /minDelta must not be negative, got NaN/],
])("refuses %j", (options, message) => {
  expect(() => new EarlyStopping(network(), options)).toThrow(OptionError);
  expect(() => new EarlyStopping(network(), options)).toThrow(message);
});
