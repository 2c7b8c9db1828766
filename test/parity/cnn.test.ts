// The convolutional networks against PyTorch, weight for weight: names, shapes and counts of their state dicts; logits, and
// for all but the widest the loss, gradients and running statistics of a training step. Goldens: README.md.

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { skipInit } from "../../src/tensor/parameter.ts";
import { MODELS, modelOf, readRun } from "./cnn_models.ts";
import { type Checked, CURVE_BOUNDS, checkRun } from "./run.ts";

const keys = JSON.parse(readFileSync(new URL("cnn/keys.json", import.meta.url), "utf8")) as Record<
  string,
  { readonly parameters: number; readonly entries: Readonly<Record<string, string>> }
>;

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

describe("state dicts are PyTorch's", () => {
  test("of every model", () => {
    expect(Object.keys(MODELS).sort()).toEqual(Object.keys(keys).sort());
  });

  test.each(Object.entries(keys))("%s", (name, { parameters, entries }) => {
    const before = device.memory().liveBytes;
    const model = skipInit(() => MODELS[name]({}));
    // Names and shapes cost no memory: buffers alone are there.
    expect(device.memory().liveBytes - before).toBeLessThan(4e6);
    expect(model.parameters().reduce((n, p) => n + p.size, 0)).toBe(parameters);
    const mine = Object.fromEntries([...model.stateDict()].map(([key, t]) => [key, t.shape.join("x")]));
    expect(mine).toEqual(entries);
    expect(model.namedParameters().map(([key]) => key)).toEqual(
      Object.keys(entries).filter((key) => !/running_|num_batches/.test(key)),
    );
  });
});

/** Max |y - ref| / max |ref| of a tensor. */
const BOUND = 5e-5;
/** Of networks so deep, or batch norms over so few values, that PyTorch's own f32 comes near the other. */
const DEEP_BOUND = 1e-4;
const DEEP = /resnet(34|50|101)|densenet|efficientnet|mobilenet/;

describe("numbers are PyTorch's", () => {
  const files = readdirSync(new URL("cnn/", import.meta.url)).filter((f) => f.endsWith(".safetensors"));
  test("every model has a run", () => {
    const run = new Set(files.map(modelOf));
    expect([...run].sort()).toEqual(Object.keys(MODELS).sort());
  });

  test.each(files.map((f) => [f.replace(".safetensors", "")]))("%s", async (name) => {
    const run = readRun(`${name}.safetensors`);
    const bound = DEEP.test(name) ? DEEP_BOUND : BOUND;
    const found: Checked[] = await checkRun(device, run);
    expect(found.length).toBeGreaterThan(0);
    const bounds: Record<string, number> = CURVE_BOUNDS;
    for (const { part, error } of found) expect(error, part).toBeLessThanOrEqual(bounds[part] ?? bound);
  });
});
