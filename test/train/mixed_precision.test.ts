// fit with a gradient scaler and autocast: the same training, clipping of the gradients proper, and runs that are resumed.

import { beforeAll, describe, expect, test } from "vitest";
import { currentDevice, setDefaultDevice } from "../../src/gpu/device.ts";
import { DTypeError, FormatError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { findSoftwareDrivers } from "../../src/hosts/software.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { GradScaler } from "../../src/optim/grad_scaler.ts";
import { LBFGS } from "../../src/optim/lbfgs.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { loadCheckpoint, saveCheckpoint, weightsSha256 } from "../../src/train/checkpoint.ts";
import { type FitOptions, fit, type StepReport } from "../../src/train/fit.ts";
import { start } from "./small.ts";

beforeAll(async () => {
  await requestDevice();
});

const EPOCHS = 2;
const scaled = (seed = 3) => ({
  ...start({ seed }),
  scaler: new GradScaler({ initScale: 64, growthInterval: 3 }),
});

type Parts = Omit<ReturnType<typeof scaled>, "scaler"> & { readonly scaler?: GradScaler };
const run = ({ loader, ...parts }: Parts, options: Partial<FitOptions> = {}) =>
  fit({ ...parts, train: loader, loss: crossEntropy, epochs: EPOCHS, ...options });

async function norm(before: readonly Float32Array[], parts: Parts): Promise<number> {
  let sum = 0;
  for (const [i, p] of parts.model.parameters().entries())
    (await p.data()).forEach((v, k) => {
      sum += (v - before[i]![k]!) ** 2;
    });
  return Math.sqrt(sum);
}

describe("scaler", () => {
  test.each([true, false])(
    "the training is that without (compiled: %s), and the scale grows",
    async (compile) => {
      const plain = await run(start(), { compile });
      const parts = scaled();
      const result = await run(parts, { compile });
      for (const [i, { trainLoss }] of plain.epochs.entries())
        expect(Math.abs(result.epochs[i]!.trainLoss / trainLoss - 1)).toBeLessThan(1e-5);
      expect(await parts.scaler.getScale()).toBe(64 * 2 ** Math.floor(result.step / 3));
    },
  );

  test("clipNorm bounds the gradients proper, not the scaled ones", async () => {
    const parts = scaled();
    const before = (await Promise.all(parts.model.parameters().map((p) => p.data()))).map(
      (d) => d.slice() as Float32Array,
    );
    const optimizer = new SGD(parts.model.parameters(), { lr: 1 });
    const controller = new AbortController();
    const callbacks = [{ onStep: () => controller.abort() }];
    const { loader, model, scaler } = parts;
    const one = { clipNorm: 0.01, reportEvery: 1, signal: controller.signal, callbacks };
    await fit({ model, scaler, optimizer, train: loader, loss: crossEntropy, epochs: 1, ...one });
    expect(await norm(before, parts)).toBeCloseTo(0.01, 5);
  });

  test("a resumed run is the straight one bit for bit, its scale too", async () => {
    const straight = scaled();
    await run(straight);
    const first = scaled();
    const controller = new AbortController();
    const stop = { onStep: (r: StepReport) => r.step === 4 && controller.abort() };
    const half = await run(first, { reportEvery: 1, callbacks: [stop], signal: controller.signal });
    const bytes = await saveCheckpoint(first, { step: half.step, config: {}, history: [] });
    const second = scaled(99);
    await run(second, { step: loadCheckpoint(bytes, second).step });
    expect(await weightsSha256(second.model)).toBe(await weightsSha256(straight.model));
    expect(await second.scaler.stateDict()).toEqual(await straight.scaler.stateDict());
  });

  test("a checkpoint without its state, or with a damaged one, is refused and changes nothing", async () => {
    const { scaler, ...rest } = scaled();
    const progress = { step: 0, config: {}, history: [] };
    const without = await saveCheckpoint(rest, progress);
    const off = await saveCheckpoint({ ...rest, scaler: new GradScaler({ enabled: false }) }, progress);
    const before = await weightsSha256(rest.model);
    expect(() => loadCheckpoint(without, { ...rest, scaler })).toThrow(/holds no state of the scaler/);
    expect(() => loadCheckpoint(off, { ...rest, scaler })).toThrow(FormatError);
    expect(await weightsSha256(rest.model)).toBe(before);
    expect(await scaler.getScale()).toBe(64);
  });

  test("LBFGS decides on the CPU: refused", async () => {
    const { optimizer: _, schedule: __, ...parts } = scaled();
    const optimizer = new LBFGS(parts.model.parameters());
    const { loader, model, scaler } = parts;
    await expect(
      fit({ model, scaler, optimizer: optimizer as never, train: loader, loss: crossEntropy, epochs: 1 }),
    ).rejects.toThrow(UsageError);
  });
});

describe("autocast", () => {
  test("auto trains in f32 where there is no shader-f16, and true is refused", async () => {
    if (currentDevice().features.has("shader-f16")) return;
    const plain = start();
    await run(plain);
    const auto = start();
    await run(auto, { autocast: "auto" });
    expect(await weightsSha256(auto.model)).toBe(await weightsSha256(plain.model));
    await expect(run(start(), { autocast: true })).rejects.toThrow(DTypeError);
  });

  const lavapipe = findSoftwareDrivers().some((d) => d.kind === "lavapipe");
  test.skipIf(!lavapipe)(`in f16${lavapipe ? "" : ", skipped: no lavapipe (npm run setup)"}`, async () => {
    setDefaultDevice(await requestDevice({ adapter: "lavapipe" }), true);
    const plain = await run(start());
    const half = await run(scaled(), { autocast: true });
    for (const [i, { trainLoss }] of plain.epochs.entries()) {
      expect(half.epochs[i]!.trainLoss).not.toBe(trainLoss);
      expect(Math.abs(half.epochs[i]!.trainLoss / trainLoss - 1)).toBeLessThan(0.02);
    }
  });
});
