// Fusion and memory plan: a fused program gives what the recording gives, with fewer dispatches, and what stands where in
// memory is legal and tight. The cost of a replay: compile.test.ts.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axesOf, offsetOf } from "../../src/gpu/fuse/index_map.ts";
import * as w from "../../src/node.ts";
import { type Device, F, nn, optim, type Tensor } from "../../src/node.ts";
import { type Compiled, compile } from "../../src/tensor/compile.ts";
import { copyInto } from "../../src/tensor/primitives.ts";

let device: Device;
beforeAll(async () => {
  device = await w.requestDevice();
});
afterAll(() => device.destroy());

/** Both forms of one function: as recorded, and fused. */
function pair<A extends readonly Tensor[], R>(fn: (...args: A) => R): [Compiled<A, R>, Compiled<A, R>] {
  return [compile(fn, { fuse: false }), compile(fn)];
}

async function agree(plain: Tensor, fused: Tensor, tolerance = 1e-6): Promise<void> {
  const [a, b] = [await plain.data(), await fused.data()];
  const scale = Math.max(1e-30, ...Array.from(a, (v) => Math.abs(v)));
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i]) / scale).toBeLessThan(tolerance);
}

const count = (c: Compiled<readonly Tensor[], unknown>) => c.programs[0].dispatches.length;

describe("where element i stands in what broadcasts", () => {
  const at = (i: number, shape: number[], from: number[]) => {
    const text = offsetOf(`${i}`, axesOf(shape, from)).replace(/u\b/g, "");
    return new Function(
      `const d = (a, b) => Math.floor(a / b); return ${text.replace(/(\d+) \/ (\d+)/g, "d($1, $2)")};`,
    )();
  };
  const reference = (i: number, shape: number[], from: number[]) => {
    let rest = i;
    let stride = 1;
    let offset = 0;
    for (let k = 1; k <= shape.length; k++) {
      const index = rest % shape[shape.length - k];
      rest = Math.floor(rest / shape[shape.length - k]);
      const own = from[from.length - k] ?? 1;
      offset += own === 1 ? 0 : index * stride;
      stride *= own;
    }
    return offset;
  };
  test.each([
    [
      [2, 3, 4],
      [2, 3, 4],
    ],
    [[2, 3, 4], [4]],
    [
      [2, 3, 4],
      [3, 1],
    ],
    [
      [2, 3, 4],
      [2, 1, 4],
    ],
    [
      [2, 3, 4],
      [2, 1, 1],
    ],
    [[2, 3, 4], []],
    [
      [2, 1, 4],
      [1, 1, 4],
    ],
    [
      [5, 2, 3, 2],
      [2, 1, 2],
    ],
    [
      [5, 2, 3, 2],
      [5, 1, 3, 1],
    ],
  ])("%j of %j", (shape, from) => {
    const size = shape.reduce((n, s) => n * s, 1);
    for (let i = 0; i < size; i++) expect(at(i, shape, from)).toBe(reference(i, shape, from));
  });
});

describe("elementwise chains", () => {
  test("one dispatch for a chain, with broadcasting and numbers, at sizes that fill no vector", async () => {
    for (const shape of [[5, 7], [4, 8], [1, 3], [3, 1], [33]]) {
      const fn = (x: Tensor, a: Tensor, b: Tensor) => F.relu(w.add(w.mul(w.exp(w.mul(x, 0.5)), a), b));
      const [plain, fused] = pair(fn);
      const x = w.randn(shape);
      const a = w.randn(shape.slice(-1));
      const b = w.randn([...shape.slice(0, -1), 1]);
      await agree(plain(x, a, b), fused(x, a, b));
      expect([count(plain), count(fused)]).toEqual([5, 1]);
    }
  });

  test("what others read later is written too", async () => {
    const fn = (x: Tensor) => {
      const y = w.exp(x);
      const z = w.mul(y, 2);
      return { z: F.relu(z), s: w.cumsum(y, 0) };
    };
    const [plain, fused] = pair(fn);
    const x = w.randn([6, 5]);
    const [p, f] = [plain(x), fused(x)];
    await agree(p.z, f.z);
    await agree(p.s, f.s);
    expect(count(fused)).toBe(2);
  });

  test("across a reshape: the same elements, and nothing that broadcasts otherwise there", async () => {
    const cases: [number[], number[], number[], number][] = [
      [[3], [3, 1], [3], 1], // operands of the size of all move along
      [[4, 6], [24], [4, 6], 1],
      [[4, 6], [6, 4], [1], 1],
      [[4, 6], [6, 4], [6], 2], // the vector lies along another axis there
      [[2, 3, 4], [6, 4], [2, 1, 1], 2],
    ];
    for (const [from, to, other, dispatches] of cases) {
      const fn = (x: Tensor, a: Tensor, b: Tensor) =>
        w.add(w.mul(w.reshape(w.mul(w.exp(x), a), to), b), w.reshape(x, to));
      const [plain, fused] = pair(fn);
      const [x, a, b] = [w.randn(from), w.randn(other), w.randn([to[0]!, ...to.slice(1).map(() => 1)])];
      await agree(plain(x, a, b), fused(x, a, b));
      expect(count(fused), `${from} as ${to} with ${other}`).toBe(dispatches);
    }
  });

  test("across reshapes behind a product, one element at a time", async () => {
    const fn = (x: Tensor, m: Tensor, a: Tensor, b: Tensor) =>
      w.add(w.reshape(w.mul(w.reshape(w.matmul(x, m), [6]), a), [6, 1]), b);
    const [plain, fused] = pair(fn);
    const [x, m, a, b] = [[6, 4], [4, 1], [6], [6, 1]].map((shape) => w.randn(shape)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    await agree(plain(x, m, a, b), fused(x, m, a, b));
    expect(count(fused)).toBe(1);
  });

  test("masks: comparisons, where, NaN and infinity", async () => {
    const fn = (x: Tensor) => w.where(w.gt(x, 0), w.log(x), w.mul(x, x));
    const [plain, fused] = pair(fn);
    const x = w.tensor([-2, -0, 0, 3, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(await fused(x).data()).toEqual(await plain(x).data());
    expect(count(fused)).toBe(1);
  });

  test("an operand that is overwritten in between stays what it was", async () => {
    const p = w.tensor([1, 2, 3]);
    const step = compile((x: Tensor) => {
      const y = w.mul(x, p);
      copyInto(p, w.full([3], 7));
      return w.add(y, 1);
    });
    expect([...(await step(w.tensor([1, 1, 1])).data())]).toEqual([2, 3, 4]);
    expect([...(await step(w.tensor([1, 1, 1])).data())]).toEqual([8, 8, 8]);
  });
});

describe("epilogues", () => {
  test("bias, activation, residual and scale behind a product", async () => {
    const layer = new nn.Linear(20, 12);
    const fn = (x: Tensor, r: Tensor) => w.mul(w.add(F.gelu(layer.forward(x)), r), 0.5);
    const [plain, fused] = pair(fn);
    const [x, r] = [w.randn([9, 20]), w.randn([9, 12])];
    await agree(plain(x, r), fused(x, r));
    expect(count(fused)).toBe(1);
  });

  test("behind a convolution, with a channel scale", async () => {
    const layer = new nn.Conv2d(3, 5, { kernelSize: 3, padding: 1 });
    const fn = (x: Tensor, s: Tensor) => F.relu(w.mul(layer.forward(x), s));
    const [plain, fused] = pair(fn);
    const [x, s] = [w.randn([2, 3, 7, 9]), w.randn([5, 1, 1])];
    await agree(plain(x, s), fused(x, s));
    expect(count(fused)).toBe(1);
  });
});

function digits() {
  w.manualSeed(1);
  const model = new nn.Sequential(
    new nn.Conv2d(1, 4, { kernelSize: 3, padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.2),
    new nn.Linear(64, 10),
  );
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-2 });
  return (x: Tensor, y: Tensor) => {
    const loss = F.crossEntropy(model.forward(x), y);
    optimizer.minimize(loss);
    return { loss };
  };
}

describe("training steps", () => {
  test("fused and as recorded: the same losses", async () => {
    const x = w.randn([8, 1, 8, 8]);
    const y = w.tensor([0, 1, 2, 3, 4, 5, 6, 7], { dtype: "i32" });
    const run = async (fuse: boolean) => {
      const step = compile(digits(), { fuse });
      const losses: number[] = [];
      for (let i = 0; i < 20; i++) losses.push(await step(x, y).loss.item());
      return { losses, program: step.programs[0] };
    };
    const [plain, fused] = [await run(false), await run(true)];
    plain.losses.forEach((loss, i) => {
      expect(Math.abs(loss - fused.losses[i]) / loss).toBeLessThan(1e-5);
    });
    expect(fused.program.dispatches.length).toBeLessThan(plain.program.dispatches.length * 0.75);
  });

  test("the plan: nothing alive together shares bytes, no dispatch reads and writes one slab, close to the bound", () => {
    const step = compile(digits());
    step(w.randn([8, 1, 8, 8]), w.zeros([8], { dtype: "i32" }));
    const { memory, dispatches } = step.programs[0];
    const rows = memory.intervals;
    for (const [i, a] of rows.entries()) {
      for (const b of rows.slice(i + 1)) {
        const together = a.from <= b.to && b.from <= a.to && a.slab === b.slab;
        if (together) expect(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset).toBe(true);
      }
    }
    for (const d of dispatches) {
      const read = d.bindings.filter((b) => b.access === "read").map((b) => b.source.storage.buffer.gpu);
      const written = d.bindings.filter((b) => b.access !== "read").map((b) => b.source.storage.buffer.gpu);
      expect(read.filter((buffer) => written.includes(buffer))).toEqual([]);
    }
    expect(memory.plannedBytes).toBeLessThanOrEqual(memory.boundBytes * 1.15);
  });

  test("retained: activations and gradients of the last run; the plain form goes on with the same state", async () => {
    const first0 = new nn.Linear(6, 5);
    const model = new nn.Sequential(first0, new nn.ReLU(), new nn.Linear(5, 3));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = F.crossEntropy(model.forward(x), y);
      optimizer.minimize(loss);
      return { loss };
    });
    const glass = step.variant({ retain: /^0\/linear$|relu/ });
    const [x, y] = [w.randn([4, 6]), w.tensor([0, 1, 2, 0], { dtype: "i32" })];
    const first = await step(x, y).loss.item();
    const before = await model.forward(x).data();
    const pre = await first0.forward(x).data();
    const second = await glass(x, y).loss.item();
    expect(second).toBeLessThan(first);
    const names = glass.retained.map((r) => r.name);
    expect(names).toEqual(expect.arrayContaining(["0/linear", "1/relu", "1/reluGradient"]));
    const linear = glass.retained.find((r) => r.name === "0/linear")!;
    expect(linear.shape).toEqual([4, 5]);
    expect(linear.madeBy.map((i) => glass.programs[0].dispatches[i].label).join()).toContain("0/linear");
    const kept = await linear.tensor().data();
    for (const [i, v] of kept.entries()) expect(v).toBeCloseTo(pre[i], 5);
    expect(before.length).toBe(12);
    expect(await step(x, y).loss.item()).toBeLessThan(second);
  });
});

test("integers, masks and floats in one chain", async () => {
  const fn = (i: Tensor, x: Tensor) => {
    const odd = w.eq(w.bitwiseAnd(w.mul(w.add(i, 3), i), 1), 1);
    const near = w.logicalAnd(w.logicalNot(odd), w.lt(w.abs(x), 1));
    const kept = w.where(near, w.cast(w.maximum(i, -2), "f32"), w.mul(x, 0.5));
    return { kept, count: w.add(w.cast(near, "i32"), i) };
  };
  const [plain, fused] = pair(fn);
  for (const n of [8, 7]) {
    const i = w.cast(w.mul(w.randn([5, n]), 9), "i32");
    const x = w.randn([5, n]);
    const [p, f] = [plain(i, x), fused(i, x)];
    expect(await f.count.data()).toEqual(await p.count.data());
    await agree(p.kept, f.kept);
  }
  expect(count(fused)).toBeLessThanOrEqual(2);
});
