// Checkpoints: a run saved anywhere and resumed in a fresh model is the straight run, bit by bit; what does not fit is
// refused whole; the file is a PyTorch state dict to other readers.

import { beforeAll, describe, expect, test } from "vitest";
import { DataLoader } from "../../src/data/loader.ts";
import { currentDevice } from "../../src/gpu/device.ts";
import { FormatError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { mean } from "../../src/kernels/reduce.ts";
import type { Module } from "../../src/layers/module.ts";
import { Mlp } from "../../src/models/mlp.ts";
import { AdamW, ExponentialLR, SGD } from "../../src/optim/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { full } from "../../src/tensor/create.ts";
import { defaultGenerator, manualSeed } from "../../src/tensor/random.ts";
import {
  loadCheckpoint,
  type RunParts,
  readProgress,
  saveCheckpoint,
  weightsSha256,
} from "../../src/train/checkpoint.ts";
import { fit, type StepReport } from "../../src/train/fit.ts";
import { goldenBytes } from "../golden/load.ts";
import { BATCH, bars, network, SAMPLES, start } from "./small.ts";

beforeAll(async () => {
  await requestDevice();
});

type Parts = ReturnType<typeof start>;
const STEPS = Math.ceil(SAMPLES / BATCH); // an epoch
const EPOCHS = 3;

const go = (
  { loader, ...parts }: Parts,
  options: { step?: number; compile?: boolean; stopAt?: number } = {},
) => {
  const controller = new AbortController();
  const { stopAt, ...rest } = options;
  const stop = { onStep: (r: StepReport) => r.step === stopAt && controller.abort() };
  return fit({
    ...parts,
    train: loader,
    loss: crossEntropy,
    epochs: EPOCHS,
    reportEvery: 1,
    callbacks: [stop],
    signal: controller.signal,
    clipNorm: 1,
    ...rest,
  });
};

/** Everything a checkpoint holds, as text. */
async function stateOf(parts: RunParts): Promise<string> {
  const moments = [...(parts.optimizer?.stateTensors() ?? [])].map(async ([k, t]) => [
    k,
    [...(await t.data())],
  ]);
  return JSON.stringify([
    await weightsSha256(parts.model),
    await Promise.all(moments),
    parts.optimizer?.state(),
    parts.schedule?.state(),
    parts.schedule?.rates,
    parts.loader?.state(),
    defaultGenerator.state(),
  ]);
}

const progress = { step: 5, config: { lr: 0.5, name: "bars" }, history: [{ loss: 1 }, { loss: 0.5 }] };

async function trained(stopAt: number, options = {}): Promise<Parts> {
  const parts = start(options);
  await go(parts, { stopAt });
  return parts;
}

describe("resume", () => {
  test.each([
    ["compiled", true],
    ["op by op", false],
  ] as const)(
    "%s: mid-epoch, at an epoch's end and in the last one: the straight run's weights",
    async (_, compile) => {
      const straight = start();
      await go(straight, { compile });
      const want = await weightsSha256(straight.model);
      for (const at of [3, STEPS, STEPS + 4, EPOCHS * STEPS - 1]) {
        const first = start();
        const half = await go(first, { compile, stopAt: at });
        const bytes = await saveCheckpoint(first, { ...progress, step: half.step });
        const second = start({ seed: 99 }); // other weights, order and masks, until loaded
        const loaded = loadCheckpoint(bytes, second);
        expect(loaded.step).toBe(at);
        const rest = await go(second, { compile, step: loaded.step });
        expect(rest.step).toBe(EPOCHS * STEPS);
        expect(await weightsSha256(second.model), `saved at ${at}`).toBe(want);
      }
    },
  );

  test("everything comes back: values, moments, counts, rates, cursor, random state, progress", async () => {
    const first = await trained(5);
    const before = await stateOf(first);
    const bytes = await saveCheckpoint(first, progress);
    const second = start({ seed: 99 });
    expect(await stateOf(second)).not.toBe(before);
    const saved = { ...progress, tuning: currentDevice().tuning.hash };
    expect(loadCheckpoint(bytes, second)).toEqual(saved);
    expect(await stateOf(second)).toBe(before);
    expect(readProgress(bytes)).toEqual(saved);
    expect(await saveCheckpoint(second, progress)).toEqual(bytes);
  });

  test("what is saved is the moment of the call, while the run goes on", async () => {
    const parts = await trained(5);
    const saving = saveCheckpoint(parts, progress);
    await go(parts, { step: 5 });
    const other = start({ seed: 99 });
    loadCheckpoint(await saving, other);
    expect(other.optimizer.state().steps[0]).toBe(5);
    expect(await weightsSha256(other.model)).toBe(await weightsSha256((await trained(5)).model));
  });

  test("into a run that has already been compiled and trained", async () => {
    const parts = await trained(4);
    const bytes = await saveCheckpoint(parts, { ...progress, step: 4 });
    await go(parts, { step: 4 });
    const want = await stateOf(parts);
    loadCheckpoint(bytes, parts);
    await go(parts, { step: 4 });
    expect(await stateOf(parts)).toBe(want);
  });

  test("a model alone", async () => {
    const { model } = await trained(3);
    const bytes = await saveCheckpoint({ model }, progress);
    const other = network();
    loadCheckpoint(bytes, { model: other });
    expect(await weightsSha256(other)).toBe(await weightsSha256(model));
    loadCheckpoint(await saveCheckpoint(start(), progress), { model: other }); // moments are left aside
  });
});

test("the file: PyTorch's names and dtypes, moments under optimizer/", async () => {
  const parts = await trained(3);
  const { tensors, metadata } = readSafetensors(await saveCheckpoint(parts, progress));
  expect(metadata.format).toBe("pt");
  const own = [...tensors].filter(([name]) => !name.startsWith("optimizer/"));
  expect(Object.fromEntries(own.map(([name, t]) => [name, `${t.dtype} ${t.shape.join("x")}`]))).toEqual({
    "0.weight": "F32 4x1x3x3",
    "0.bias": "F32 4",
    "1.weight": "F32 4",
    "1.bias": "F32 4",
    "1.running_mean": "F32 4",
    "1.running_var": "F32 4",
    "1.num_batches_tracked": "I64 ",
    "6.weight": "F32 3x64",
    "6.bias": "F32 3",
  });
  expect(tensors.get("1.num_batches_tracked")!.data[0]).toBe(3n);
  expect(tensors.get("optimizer/0.exp_avg")!.data.length).toBe(36);
  expect(tensors.size - own.length).toBe(2 * 6);
});

describe("refused", () => {
  /** Nothing of `parts` may change. */
  async function refuse(bytes: Uint8Array, message: RegExp, parts: RunParts = start()): Promise<void> {
    const before = await stateOf(parts);
    expect(() => loadCheckpoint(bytes, parts)).toThrow(FormatError);
    expect(() => loadCheckpoint(bytes, parts)).toThrow(message);
    expect(await stateOf(parts)).toBe(before);
  }

  /** A good checkpoint with its metadata changed. */
  async function altered(change: (saved: Record<string, unknown>) => unknown): Promise<Uint8Array> {
    const { tensors, metadata } = readSafetensors(await saveCheckpoint(start(), progress));
    const saved = JSON.parse(metadata.wgrad);
    const text = change(saved) ?? saved;
    return writeSafetensors(tensors, { wgrad: typeof text === "string" ? text : JSON.stringify(text) });
  }

  test("another model: all missing and unexpected keys, all shapes", async () => {
    const parts = start();
    const bytes = await saveCheckpoint({ ...parts, model: new Mlp([64, 5, 3]) }, progress);
    await refuse(bytes, /missing keys: 0\.weight, 0\.bias, 1\.running_mean, .*6\.weight, 6\.bias;/);
    await refuse(bytes, /unexpected keys: 3\.bias, 3\.weight; 1\.weight: shape \[5,64\] given, \[4\] needed/);
    const wider = await saveCheckpoint(start({ hidden: 6 }), progress);
    await refuse(wider, /0\.weight: shape \[6,1,3,3\] given, \[4,1,3,3\] needed/);
    await refuse(wider, /6\.weight: shape \[3,96\] given, \[3,64\] needed/);
  });

  test("the same model with another optimizer, schedule or data set", async () => {
    const parts = await trained(5);
    const bytes = await saveCheckpoint(parts, progress);
    const { model } = start();
    const sgd = new SGD(model.parameters(), { lr: 1, momentum: 0.9 });
    await refuse(bytes, /optimizer: the state does not fit; missing.*momentum_buffer/, {
      model,
      optimizer: sgd,
    });
    const groups = model.parameters().map((p) => ({ params: [p] }));
    const split = new AdamW(groups, { lr: 1 });
    await refuse(bytes, /groups of 6 parameters given, 1, 1, 1, 1, 1, 1 needed/, { model, optimizer: split });
    const schedule = new ExponentialLR(split, { gamma: 1 });
    await refuse(bytes, /schedule: the state has 1 groups, the optimizer 6/, { model, schedule });
    const loader = new DataLoader<"x" | "y">(bars(8), { batchSize: 8 });
    await refuse(bytes, /checkpoint: DataLoader: state\.batch 5 of an epoch of 1 batches/, {
      ...start(),
      loader,
    });
  });

  test("a part the file has no state of", async () => {
    const { model, ...rest } = start();
    const bytes = await saveCheckpoint({ model }, progress);
    await refuse(bytes, /holds no state of the optimizer/, { model, ...rest });
    await refuse(bytes, /holds no state of the schedule/, { model, schedule: rest.schedule });
    await refuse(bytes, /holds no state of the loader/, { model, loader: rest.loader });
    const optimizers = { critic: rest.optimizer };
    await refuse(bytes, /holds no state of the optimizer critic/, { model, optimizers });
  });

  test("a plain safetensors file, another version, damaged metadata", async () => {
    await refuse(
      goldenBytes("sequential.safetensors"),
      /a safetensors file, but not a checkpoint of a wgrad run/,
    );
    await refuse(
      await altered((s) => ({ ...s, version: 2 })),
      /checkpoint: version 2 is not known, this is 1/,
    );
    await refuse(await altered(() => "null"), /version undefined is not known/);
    await refuse(await altered(() => "{"), /metadata is not JSON/);
    for (const gone of ["step", "random", "history", "config"])
      await refuse(await altered((s) => ({ ...s, [gone]: null })), /metadata is incomplete/);
    await refuse(await altered((s) => ({ ...s, random: {} })), /checkpoint: Generator\.setState: seed/);
    await refuse(
      await altered((s) => ({ ...s, optimizer: { steps: [], groups: {} } })),
      /optimizer: the state/,
    );
    await refuse(await altered((s) => ({ ...s, schedule: {} })), /schedule: the state needs a count/);
    await refuse(await altered((s) => ({ ...s, loader: { epoch: -1 } })), /state\.epoch must be an integer/);
  });

  test("truncated anywhere", async () => {
    const bytes = await saveCheckpoint(start(), progress);
    for (const length of [0, 7, 8, 100, Math.floor(bytes.length / 2), bytes.length - 1])
      await refuse(bytes.slice(0, length), /safetensors/);
    expect(() => readProgress(bytes.slice(0, 100))).toThrow(FormatError);
  });
});

test("several optimizers, each by its name", async () => {
  const make = () => {
    manualSeed(2);
    const model = network();
    const [head, ...others] = model.parameters().reverse();
    const optimizers = {
      head: new AdamW([head], { lr: 0.1 }),
      rest: new SGD(others, { lr: 0.1, momentum: 0.9 }),
    };
    const step = () => {
      const loss = mean(model.forward(full([4, 1, 8, 8], 0.5)));
      for (const o of Object.values(optimizers)) o.zeroGrad();
      backward(loss);
      for (const o of Object.values(optimizers)) o.step();
    };
    return { model, optimizers, step };
  };
  const straight = make();
  straight.step();
  const bytes = await saveCheckpoint(straight, progress);
  straight.step();
  const resumed = make();
  const { head, rest } = resumed.optimizers;
  expect(() => loadCheckpoint(bytes, { ...resumed, optimizers: { head: rest, rest: head } })).toThrow(
    FormatError,
  );
  loadCheckpoint(bytes, resumed);
  resumed.step();
  expect(await weightsSha256(resumed.model)).toBe(await weightsSha256(straight.model));
});

test("weightsSha256: of all values, in order, buffers too", async () => {
  const of = async (change?: (m: Module) => void) => {
    manualSeed(1);
    const model = network();
    change?.(model);
    return weightsSha256(model);
  };
  const hash = await of();
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(await of()).toBe(hash);
  const shifted = await of((m) =>
    m.loadStateDict({ "1.running_mean": { data: [0, 0, 0, 1e-9], shape: [4] } }, { strict: false }),
  );
  expect(shifted).not.toBe(hash);
});
