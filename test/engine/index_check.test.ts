// Indices outside their range: no op reads or writes elsewhere for them, and debug mode reports the first one as an
// IndexError at the next await, eager and replayed. In every mode: zeros read, nothing written, NaN losses.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { nll } from "../../src/functional/loss.ts";
import { multiMargin } from "../../src/functional/margin_loss.ts";
import { type Device, setDefaultDevice } from "../../src/gpu/device.ts";
import type { Bindable } from "../../src/gpu/dispatch.ts";
import { IndexError } from "../../src/gpu/errors.ts";
import { grid1d, kernel } from "../../src/gpu/kernel.ts";
import * as shaders from "../../src/gpu/shaders.gen.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { embedding } from "../../src/kernels/embedding.ts";
import { eye } from "../../src/kernels/eye.ts";
import { gather, indexSelect } from "../../src/kernels/gather.ts";
import { gridSample } from "../../src/kernels/grid_sample.ts";
import { bincount } from "../../src/kernels/histogram.ts";
import { maxUnpool1d } from "../../src/kernels/max_unpool.ts";
import { oneHot } from "../../src/kernels/one_hot.ts";
import { indexAdd, scatterAdd } from "../../src/kernels/scatter.ts";
import { scatter, takeAlongDim } from "../../src/kernels/scatter_write.ts";
import { Embedding, Sequential } from "../../src/layers/index.ts";
import { compile } from "../../src/tensor/compile.ts";
import { full, tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { countCalls } from "./counting.ts";

const MOST = 2 ** 31 - 1;
/** Of an axis of 3; the last one alone is inside. */
const OUTSIDE = [-1, 3, -MOST - 1, MOST, -3, 1];

const ids = (values: readonly number[], shape: readonly number[] = [values.length]) =>
  tensor(Int32Array.from(values), { shape });
const counting = (shape: readonly number[]) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
    { shape },
  );
const list = async (t: Tensor) => Array.from(await t.data());

let plain: Device;
let debug: Device;
beforeAll(async () => {
  plain = await requestDevice();
  debug = await requestDevice({ debug: true });
});
afterAll(() => {
  plain?.destroy();
  debug?.destroy();
});

describe("outside, in every mode", () => {
  beforeEach(() => setDefaultDevice(plain, true));

  test("reading gives zeros, never a neighbouring row", async () => {
    const x = counting([2, 3, 2]);
    const inside = (from: number) => [...new Array<number>(10).fill(0), from, from + 1];
    expect(await list(indexSelect(x, 1, ids(OUTSIDE)))).toEqual([...inside(3), ...inside(9)]);
    const each = ids(
      [...OUTSIDE, ...OUTSIDE].flatMap((v) => [v, v]),
      [2, 6, 2],
    );
    for (const op of [gather(x, 1, each), takeAlongDim(x, each, 1)])
      expect(await list(op)).toEqual([...inside(3), ...inside(9)]);
    expect(await list(embedding(ids(OUTSIDE), counting([3, 2])))).toEqual(inside(3));
    expect(await list(oneHot(ids(OUTSIDE), 3))).toEqual([...new Array<number>(15).fill(0), 0, 1, 0]);
  });

  test("writing is left out", async () => {
    const x = () => zeros([2, 3]);
    const index = ids([...OUTSIDE, ...OUTSIDE], [2, 6]);
    for (const op of [scatter(x(), 1, index, 7), scatterAdd(x(), 1, index, full([2, 6], 7))])
      expect(await list(op)).toEqual([0, 7, 0, 0, 7, 0]);
    expect(await list(indexAdd(x(), 1, ids(OUTSIDE), full([2, 6], 7)))).toEqual([0, 7, 0, 0, 7, 0]);
    const unpooled = maxUnpool1d(full([2, 1, 6], 7), ids([...OUTSIDE, ...OUTSIDE], [2, 1, 6]), {
      kernelSize: 2,
      outputSize: [3],
    });
    expect(await list(unpooled)).toEqual([0, 7, 0, 0, 7, 0]);
  });

  test("labels that are no class make the loss of their row NaN", async () => {
    const x = full([6, 3], -1);
    const nan = new Array<number>(5).fill(Number.NaN);
    expect(await list(crossEntropy(x, ids(OUTSIDE), { reduction: "none" }))).toEqual([
      ...nan,
      expect.closeTo(Math.log(3), 5),
    ]);
    expect(await list(nll(x, ids(OUTSIDE), { reduction: "none" }))).toEqual([...nan, 1]);
  });

  test("what stands beside the bound ranges in one buffer stays", async () => {
    // The ops allocate their own results; here the kernels that address by index get ranges amid others.
    const at = (byteOffset: number, byteLength: number, slab: Tensor): Bindable => {
      return { device: plain, storage: slab.storage, byteOffset, byteLength };
    };
    const SENTINEL = 12345;
    const index = ids(OUTSIDE); // one row of six, of an axis of 3
    const x = full([3], 5);
    const outs = async (write: (y: Bindable) => void, init?: number) => {
      const slab = full([192], SENTINEL, { dtype: "i32" });
      if (init !== undefined)
        plain.eager.upload(at(256, 12, slab), Int32Array.from([init, init, init, init]).subarray(0, 3));
      write(at(256, 32, slab));
      const all = await list(slab);
      expect(all.slice(0, 64).concat(all.slice(72))).toEqual(new Array(184).fill(SENTINEL));
      return all.slice(64, 72);
    };
    const size = 6;
    const grid = grid1d(1);
    const rows = { rows: 3, n: 6, inner: 1 };
    const read = await outs((y) =>
      kernel(shaders.gather)({ x, index, y }, { size, ...rows, skip: -1 }, { grid }),
    );
    const five = new Int32Array(Float32Array.of(5).buffer)[0];
    expect(read).toEqual([0, 0, 0, 0, 0, five, SENTINEL, SENTINEL]);
    const last = await outs(
      (winner) => kernel(shaders.scatterLast)({ index, winner }, { size, ...rows }, { grid }),
      -1,
    );
    expect(last.slice(0, 4)).toEqual([-1, 5, -1, SENTINEL]);
    const owner = await outs(
      (owner) =>
        kernel(shaders.maxUnpoolOwner)({ indices: index, owner }, { size, plane: 6, out_plane: 3 }, { grid }),
      0,
    );
    expect(owner.slice(0, 4)).toEqual([0, 6, 0, SENTINEL]);
    const keys = zeros([6], { dtype: "i32" });
    const next = zeros([6], { dtype: "i32" });
    const head = await outs(
      (head) =>
        kernel(shaders.scatterLink)({ index, head, keys, next }, { size, ...rows, skip: -1 }, { grid }),
      -1,
    );
    expect(head.slice(0, 4)).toEqual([-1, 5, -1, SENTINEL]);
    expect(await list(keys)).toEqual([-1, -1, -1, -1, -1, 1]);
  });

  test("nothing is dispatched for the check", async () => {
    expect(plain.indexReports).toBeNull();
    const counts = countCalls(plain.gpu);
    const y = gather(counting([3]), 0, ids([1]));
    plain.flush();
    const before = counts.dispatches;
    await list(gather(counting([3]), 0, ids([7])));
    expect(counts.dispatches - before).toBe(1);
    y.release("the test");
  });
});

/** What a call on the debug device ends in. */
async function caught(work: () => unknown): Promise<IndexError> {
  work();
  const error = await debug.settle().then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(IndexError);
  return error as IndexError;
}

describe("debug mode", () => {
  beforeEach(() => setDefaultDevice(debug, true));

  const x = () => counting([2, 3]);
  const bad = () => ids([0, 2, 1, 0, 3, -1], [2, 3]);
  const row = () => ids([0, 2, -1]);
  const CALLS: readonly (readonly [string, () => unknown, number, readonly number[], number])[] = [
    ["gather", () => gather(x(), 1, bad()), 3, [1, 1], 3],
    ["gather", () => gather(x(), 0, bad()), 2, [0, 1], 2],
    ["indexSelect", () => indexSelect(x(), -1, row()), -1, [2], 3],
    ["takeAlongDim", () => takeAlongDim(x(), bad(), 1), 3, [1, 1], 3],
    ["takeAlongDim", () => takeAlongDim(x(), ids([5, 6])), 6, [1], 6],
    ["scatter", () => scatter(x(), 1, bad(), 1), 3, [1, 1], 3],
    ["scatterAdd", () => scatterAdd(x(), 1, bad(), x()), 3, [1, 1], 3],
    ["indexAdd", () => indexAdd(x(), 1, row(), x()), -1, [2], 3],
    ["embedding", () => embedding(bad(), x()), 2, [0, 1], 2],
    ["oneHot", () => oneHot(row(), 3), -1, [2], 3],
    ["crossEntropy", () => crossEntropy(counting([3, 2]), row()), 2, [1], 2],
    ["nll", () => nll(counting([3, 2]), row(), { ignoreIndex: -1 }), 2, [1], 2],
    ["multiMargin", () => multiMargin(counting([3, 3]), row()), -1, [2], 3],
    [
      "maxUnpool1d",
      () => maxUnpool1d(counting([1, 1, 2]), ids([0, 4], [1, 1, 2]), { kernelSize: 2 }),
      4,
      [0, 0, 1],
      4,
    ],
  ];

  test.each(CALLS)("%s", async (name, call, index, position, end) => {
    const error = await caught(call);
    expect(error).toMatchObject({ name: "IndexError", label: name, index, position, end });
    const text = `^${name}: index ${index} at \\[${position}\\] is outside \\[0, ${end}\\)`;
    expect(error.message).toMatch(new RegExp(text));
    expect(error.message).toMatch(/index_check\.test\.ts:\d+/);
    await debug.settle(); // once
  });

  test("the next read, settle or pace throws, the one after works again", async () => {
    const bad = () => embedding(ids([9]), x());
    const fine = counting([2]);
    bad();
    await expect(fine.data()).rejects.toThrow(IndexError);
    expect(await list(fine)).toEqual([1, 2]);
    bad();
    await expect(debug.pace()).rejects.toThrow(IndexError);
    await debug.pace();
    await expect(bad().data()).rejects.toThrow(
      /^embedding: index 9 at \[0\] is outside \[0, 2\), index \[1\]/,
    );
    expect(await list(embedding(ids([1]), x()))).toEqual([4, 5, 6]);
  });

  test("two reads under way both see work of their own", async () => {
    const results = await Promise.allSettled([
      embedding(ids([9]), x()).data(),
      embedding(ids([1]), x()).data(),
    ]);
    expect(results.filter((r) => r.status === "rejected")).toHaveLength(1);
    await debug.settle();
  });

  test("of many the first in row-major order, of several calls the first", async () => {
    const n = 70_001;
    const many = Int32Array.from({ length: n }, (_, i) => (i % 257 === 200 && i > 1000 ? -i : i % 5));
    for (let i = 0; i < 3; i++) {
      const error = await caught(() => {
        embedding(tensor(many), zeros([5, 1]));
        embedding(ids([99]), x());
      });
      expect([error.index, error.position]).toEqual([-1228, [1228]]);
    }
  });

  test("the path of the module is part of the name", async () => {
    const model = new Sequential(new Embedding(4, 2));
    expect((await caught(() => model.forward(ids([4])))).label).toBe("0/embedding");
  });

  test("indices inside, ignored labels and empty ones pass", async () => {
    gather(x(), 1, ids([0, 1, 2, 0, 1, 2], [2, 3]));
    embedding(ids([], [0]), x());
    crossEntropy(counting([3, 2]), ids([0, -100, 1]));
    crossEntropy(counting([3, 2]), ids([0, -1, 1]), { ignoreIndex: -1 });
    await debug.settle();
  });

  test("ops that go outside on purpose report nothing", async () => {
    scatter(counting([4, 5]), 1, ids([1, 2], [2, 1]), counting([2, 1]));
    scatterAdd(counting([4, 5]), 1, ids([1, 2], [2, 1]), counting([2, 1]));
    bincount(ids([-1, 0, 7]), 3);
    eye(4, 2);
    gridSample(counting([1, 1, 2, 2]), full([1, 2, 2, 2], -3));
    await debug.settle();
  });

  test("an empty axis has no index inside", async () => {
    const error = await caught(() => embedding(ids([0]), zeros([0, 2])));
    expect(error).toMatchObject({ index: 0, end: 0 });
  });

  test("a compiled function is checked at every replay", async () => {
    const table = counting([3, 2]);
    const lookUp = compile((at: Tensor) => embedding(at, table));
    expect(await list(lookUp(ids([2])))).toEqual([5, 6]);
    for (const wrong of [3, -7]) {
      await expect(lookUp(ids([wrong])).data()).rejects.toThrow(
        `embedding: index ${wrong} at [0] is outside [0, 3), index [1]`,
      );
      expect(await list(lookUp(ids([1])))).toEqual([3, 4]);
    }
    const error = await caught(() => lookUp(ids([5])));
    expect(error.message).toMatch(/index_check\.test\.ts:\d+/); // where it was recorded
  });
});
