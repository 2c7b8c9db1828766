// Elementwise functions behind norms, softmax and gather: one dispatch, and what the recording gives, in units of one
// element and of four. Behind products and convolutions: fuse.test.ts.

import { afterAll, beforeAll, expect, test } from "vitest";
import * as w from "../../src/node.ts";
import { type Device, F, type Tensor } from "../../src/node.ts";
import { compile } from "../../src/tensor/compile.ts";

let device: Device;
beforeAll(async () => {
  device = await w.requestDevice();
});
afterAll(() => device.destroy());

type Fn = (...args: readonly Tensor[]) => Tensor;

const after = (y: Tensor, r: Tensor) => F.gelu(w.add(y, w.mul(r, 0.5)));

/** fn of so many dispatches, then a residual and an activation that need none. */
async function absorbs(fn: Fn, args: readonly Tensor[], dispatches: number): Promise<void> {
  const [plain, fused] = [false, true].map((fuse) =>
    compile(
      (r: Tensor, ...args: readonly Tensor[]) => {
        const y = fn(...args);
        return y.size === r.size ? after(y, r) : y;
      },
      { fuse },
    ),
  );
  const r = w.randn([...fn(...args).shape]);
  const [a, b] = [await plain(r, ...args).data(), await fused(r, ...args).data()];
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(1e-6);
  expect(fused.programs[0].dispatches.length).toBe(dispatches);
}

/** The gradient of fn in its first argument, summed with weights that are no constant. */
const gradient =
  (fn: Fn): Fn =>
  (x, ...rest) => {
    const leaf = w.mul(x, 1);
    leaf.requiresGrad = true;
    const y = fn(leaf, ...rest);
    return w.grad([w.sum(w.mul(y, rest.at(-1)!))], [leaf])[0]!;
  };

for (const d of [12, 7]) {
  test(`layer norm and its gradient, rows of ${d}`, async () => {
    const [x, dy] = [w.randn([5, d]), w.randn([5, d])];
    const [weight, bias] = [w.randn([d]), w.randn([d])];
    await absorbs((x) => F.layerNorm(x, d, weight, bias), [x], 1);
    const fn: Fn = (x) => F.layerNorm(x, d, weight, bias);
    await absorbs(gradient(fn), [x, dy], await alone(gradient(fn), [x, dy]));
  });

  test(`softmax and its gradient, rows of ${d}`, async () => {
    const [x, dy] = [w.randn([3, d]), w.randn([3, d])];
    for (const axis of [-1, 0]) {
      await absorbs((x) => F.softmax(x, axis), [x], 1);
      await absorbs((x) => F.logSoftmax(x, axis), [x], 1);
      const fn: Fn = (x) => F.softmax(x, axis);
      await absorbs(gradient(fn), [x, dy], await alone(gradient(fn), [x, dy]));
    }
  });

  test(`batch norm, planes of ${d}`, async () => {
    const x = w.randn([2, 3, d]);
    const [weight, bias] = [w.randn([3]), w.randn([3])];
    const fn: Fn = (x) => F.batchNorm(x, { weight, bias, training: true });
    await absorbs(fn, [x], await alone(fn, [x]));
  });

  test(`embedding, rows of ${d}`, async () => {
    const ids = w.tensor([2, 0, 3, 9, 1], { dtype: "i32" });
    await absorbs((table) => F.embedding(ids, table), [w.randn([4, d])], 1);
  });
}

test("gather by element", async () => {
  const index = w.tensor([0, 1, 1, 0, 2, 2], { dtype: "i32" });
  await absorbs((x) => w.gather(x, 0, w.reshape(index, [2, 3])), [w.randn([3, 3])], 1);
});

test("integers have no epilogue", async () => {
  const ids = w.tensor([2, 0], { dtype: "i32" });
  const table = w.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], { dtype: "i32" });
  const fn = compile((t: Tensor) => w.add(w.indexSelect(w.reshape(t, [3, 4]), 0, ids), 1));
  expect([...(await fn(table).data())]).toEqual([10, 11, 12, 13, 2, 3, 4, 5]);
});

/** Dispatches of fn alone. */
async function alone(fn: Fn, args: readonly Tensor[]): Promise<number> {
  const c = compile(fn);
  await c(...args).data();
  return c.programs[0].dispatches.length;
}

test("behind a kernel whose by-product others read first: the gradient of a residual and a norm with a weight", async () => {
  const [weight, bias] = [w.randn([12]), w.randn([12])];
  for (const t of [weight, bias]) t.requiresGrad = true;
  const fn = (x: Tensor, dy: Tensor) => {
    const leaf = w.mul(x, 1);
    leaf.requiresGrad = true;
    const y = w.add(leaf, F.layerNorm(leaf, 12, weight, bias));
    return w.grad([y], [leaf, weight, bias], { gradOutputs: [dy] }).map((g) => g!);
  };
  const [plain, fused] = [compile(fn, { fuse: false }), compile(fn)];
  const [x, dy] = [w.randn([9, 12]), w.randn([9, 12])];
  const [a, b] = [plain(x, dy), fused(x, dy)];
  for (const [k, g] of a.entries()) {
    const [p, f] = [await g.data(), await b[k].data()];
    for (let i = 0; i < p.length; i++) expect(Math.abs(p[i] - f[i])).toBeLessThan(1e-5);
  }
  const kernels = fused.programs[0].dispatches.map((d) => d.kernel);
  expect(kernels).not.toContain("add_pair");
});
