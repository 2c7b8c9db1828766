// State dicts: PyTorch's keys, order and values; what does not fit is listed and nothing is loaded.
import { beforeAll, describe, expect, it } from "vitest";
import { currentDevice } from "../../src/gpu/device.ts";
import { FormatError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { BatchNorm2d, Linear, Sequential, type StateValue } from "../../src/layers/index.ts";
import { tensor } from "../../src/tensor/create.ts";
import { flatten } from "../../src/tensor/flatten.ts";
import { goldenBytes, goldenFile, loadLayers } from "../golden/load.ts";
import { goldenSequential } from "./golden_network.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

const row = (key: string, t: { shape: readonly number[]; dtype: string }) => ({
  key,
  shape: [...t.shape],
  dtype: t.dtype === "f32" ? "F32" : "I64",
});

describe("stateDict", () => {
  it("has the keys, order, shapes and dtypes of PyTorch", () => {
    const { sequential } = loadLayers();
    const net = goldenSequential();
    expect([...net.stateDict()].map(([key, t]) => row(key, t))).toEqual(sequential.stateDict);
    expect(net.namedParameters().map(([key]) => key)).toEqual(sequential.parameters);
  });

  it("holds the tensors themselves", () => {
    const layer = new Linear(2, 2);
    expect(layer.stateDict().get("weight")).toBe(layer.weight);
  });
});

describe("loadStateDict", () => {
  it("loads a PyTorch checkpoint as it is", async () => {
    const net = goldenSequential();
    const report = net.loadStateDict(readSafetensors(goldenBytes("sequential.safetensors")).tensors);
    expect(report).toEqual({ missing: [], unexpected: [] });
    const { tensors } = goldenFile("sequential.safetensors");
    for (const [key, t] of net.stateDict()) {
      expect([...(await t.data())], key).toEqual(Array.from(tensors.get(key)!.data as Float32Array, Number));
    }
  });

  it("round-trips from model to model, also once parameters lie in a slab", async () => {
    const [a, b] = [new Sequential(new Linear(3, 2)), new Sequential(new Linear(3, 2))];
    flatten([...a.parameters(), ...b.parameters()]); // one slab: source and target in one buffer
    const storage = b.parameters()[0].storage;
    b.loadStateDict(a.stateDict());
    for (const [key, t] of b.stateDict())
      expect(await t.data()).toEqual(await a.stateDict().get(key)!.data());
    expect(b.parameters()[0].storage).toBe(storage);
    a.loadStateDict(a.stateDict()); // onto itself
    await currentDevice().settle();
  });

  it("takes records, and plain, f64 and i64 arrays", async () => {
    const norm = new BatchNorm2d(2);
    norm.loadStateDict({
      weight: { data: [1, 2], shape: [2] },
      bias: { data: Float64Array.of(0.5, 0.25), shape: [2] },
      running_mean: tensor([3, 4]),
      running_var: { data: Float32Array.of(5, 6), shape: [2] },
      num_batches_tracked: { data: BigInt64Array.of(7n), shape: [] },
    });
    expect([...(await norm.bias!.data())]).toEqual([0.5, 0.25]);
    expect([...(await norm.runningMean!.data())]).toEqual([3, 4]);
    expect(await norm.numBatchesTracked!.item()).toBe(7);
  });

  const values = (...data: number[]): StateValue => ({ data: Float32Array.from(data), shape: [data.length] });

  it("lists everything that does not fit, and loads nothing", async () => {
    const layer = new Sequential(new Linear(2, 3), new Linear(3, 1));
    const before = await layer.stateDict().get("0.bias")!.data();
    const load = () =>
      layer.loadStateDict({
        "0.weight": values(1, 2),
        "0.bias": values(1, 2, 3),
        "2.bias": values(1),
        "1.bias": tensor([1], { dtype: "i32" }),
      });
    expect(load).toThrow(FormatError);
    expect(load).toThrow(
      "loadStateDict: missing keys: 1.weight; unexpected keys: 2.bias; " +
        "0.weight: shape [2] given, [3,2] needed; 1.bias: dtype i32 given, f32 needed",
    );
    expect(await layer.stateDict().get("0.bias")!.data()).toEqual(before);
  });

  it("with strict: false takes what is there and returns the rest", async () => {
    const layer = new Linear(2, 2);
    const report = layer.loadStateDict(
      new Map([
        ["bias", values(1, 2)],
        ["other", values(1)],
      ]),
      { strict: false },
    );
    expect(report).toEqual({ missing: ["weight"], unexpected: ["other"] });
    expect([...(await layer.bias!.data())]).toEqual([1, 2]);
    expect(() => layer.loadStateDict({ bias: values(1) }, { strict: false })).toThrow(
      /bias: shape \[1\] given, \[2\] needed/,
    );
  });

  it("refuses data of the wrong kind or length", () => {
    const norm = new BatchNorm2d(1);
    const load = (key: string, data: ArrayLike<number> | BigInt64Array, shape: number[]) =>
      expect(() => norm.loadStateDict({ [key]: { data, shape } }, { strict: false }));
    load("num_batches_tracked", BigInt64Array.of(2n ** 31n), []).toThrow(
      /with 2147483648, beyond i32, given/,
    );
    load("num_batches_tracked", Float32Array.of(1), []).toThrow(/Float32Array given, i32 needed/);
    load("weight", new Uint16Array(1), [1]).toThrow(/weight: Uint16Array given, f32 needed/);
    load("weight", new Float32Array(2), [1]).toThrow(/weight: 2 values for \[1\]/);
  });
});
