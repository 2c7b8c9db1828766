// Elementwise functions before reductions, softmax and norms: one dispatch less, and what the recording gives, values and
// gradients, in units of one element and of four. Behind kernels: epilogues.test.ts.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withDevice } from "../../src/gpu/device.ts";
import { findAdapter } from "../../src/hosts/dawn.ts";
import * as w from "../../src/node.ts";
import { type Device, F, type Tensor } from "../../src/node.ts";
import { type Compiled, compile } from "../../src/tensor/compile.ts";
import { copyInto } from "../../src/tensor/primitives.ts";
import { planAs } from "../kernels/plan_as.ts";

let device: Device;
beforeAll(async () => {
  device = await w.requestDevice();
});
afterAll(() => device.destroy());

type Fn = (...args: readonly Tensor[]) => Tensor | readonly Tensor[];

const listed = (y: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(y) ? y : [y as Tensor]);

/** fn as recorded and fused gives the same; the fused dispatches, by kernel. */
async function agree(fn: Fn, args: readonly Tensor[], tolerance = 2e-6): Promise<string[]> {
  const [plain, fused] = [compile(fn, { fuse: false }), compile(fn)];
  for (let run = 0; run < 2; run++) {
    const [a, b] = [listed(plain(...args)), listed(fused(...args))];
    for (const [k, y] of a.entries()) {
      const [p, f] = [await y.data(), await b[k].data()];
      const scale = Math.max(1, ...Array.from(p, (v) => (Number.isFinite(v) ? Math.abs(v) : 0)));
      expect(f.length).toBe(p.length);
      for (let i = 0; i < p.length; i++) {
        if (Number.isFinite(p[i])) expect(Math.abs(p[i] - f[i]) / scale).toBeLessThan(tolerance);
        else expect(f[i]).toBe(p[i]);
      }
    }
  }
  return kernels(fused);
}

const kernels = (c: Compiled<readonly Tensor[], unknown>) => c.programs[0].dispatches.map((d) => d.kernel);

/** fn and its gradients in all arguments, weighted by what is no constant. */
const withGradients =
  (fn: (...args: readonly Tensor[]) => Tensor): Fn =>
  (...args) => {
    const leaves = args.map((x) => {
      const leaf = w.mul(x, 1);
      leaf.requiresGrad = true;
      return leaf;
    });
    const y = fn(...leaves);
    return [y, ...w.grad([w.sum(w.mul(y, w.add(y, 1)))], leaves).map((g) => g!)];
  };

const SHAPES: readonly (readonly number[])[] = [
  [4, 8],
  [5, 7],
  [1, 12],
  [3, 1],
  [33, 4],
  [40, 36],
];

const KINDS = ["software", "hardware"] as const;

describe.each(KINDS)("reductions as on %s", (kind) => {
  planAs(kind);

  test.each(SHAPES)("mean of a squared difference, [%d,%d], over each axis and all", async (...shape) => {
    const [a, b] = [w.randn(shape), w.randn(shape)];
    for (const axes of [undefined, 0, 1]) {
      const fn = (a: Tensor, b: Tensor) => w.mean(w.square(w.sub(a, b)), axes);
      expect(await agree(fn as Fn, [a, b])).toEqual(["reduce"]);
      await agree(withGradients(fn as never), [a, b], 1e-5);
    }
  });

  test("a long one takes its chain into the first of its two stages", async () => {
    const [x, y] = [w.randn([1 << 18]), w.randn([1 << 18])];
    expect(await agree((x, y) => w.sum(w.mul(x, y)), [x, y])).toEqual(["reduce", "reduce"]);
    expect(await agree((x) => w.max(F.gelu(x)), [x])).toEqual(["reduce", "reduce"]);
  });

  test("broadcasts, masks, and numbers", async () => {
    const [x, b, c] = [w.randn([6, 5, 8]), w.randn([8]), w.randn([5, 1])];
    const fn: Fn = (x, b, c) => w.sum(w.where(w.gt(x, 0.25), w.mul(x, b), w.add(x, c)), [0, 2]);
    expect(await agree(fn, [x, b, c])).toEqual(["reduce"]);
    const odd = [w.randn([6, 5, 7]), w.randn([7]), w.randn([5, 1])];
    expect(await agree(fn, odd)).toEqual(["reduce"]);
  });

  test("integers and masks", async () => {
    const i = w.tensor([3, -1, 4, 1, -5, 9, 2, 6], { dtype: "i32" });
    expect(await agree((i) => w.sum(w.add(w.mul(i, i), 1)), [i])).toEqual(["reduce"]);
    const x = w.randn([9, 8]);
    expect(await agree((x) => w.sum(w.gt(x, 0.5), 0), [x])).toEqual(["reduce"]);
    expect(await agree((x) => w.mean(w.cast(w.eq(i, w.cast(x, "i32")), "f32"), 1), [x])).toEqual(["reduce"]);
  });

  test("extremes pass NaN and infinity through", async () => {
    const x = w.tensor([1, Number.NaN, 3, -2, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], {
      shape: [3, 2],
    });
    await agree((x) => [w.max(w.mul(x, 2), 1), w.min(w.neg(x), 0), w.sum(w.abs(x), 1)], [x]);
  });

  test("what others read too is stored on the way", async () => {
    const [a, b] = [w.randn([40, 32]), w.randn([40, 32])];
    const fn: Fn = (a, b) => {
      const d = w.exp(w.sub(a, b));
      const s = w.sum(d);
      return w.div(d, s);
    };
    expect(await agree(fn, [a, b])).toEqual(["reduce", "binary"]);
    expect(await agree(fn, [w.randn([7, 3]), w.randn([7, 3])])).toEqual(["reduce", "binary"]);
  });

  test("what is read before is made before", async () => {
    const fn: Fn = (a, b) => {
      const d = w.exp(w.sub(a, b));
      return [w.cumsum(d, 0), w.sum(d)];
    };
    expect(await agree(fn, [w.randn([6, 4]), w.randn([6, 4])])).toHaveLength(3);
  });

  test("two that read one cheap chain both compute it", async () => {
    const x = w.randn([6, 12]);
    expect(await agree((x) => w.logsumexp(w.mul(x, 0.5), 1), [x])).toEqual(["reduce", "reduce"]);
    expect(await agree((x) => w.variance(w.mul(x, x), { axes: 0 }), [x])).toEqual(["reduce", "reduce"]);
  });

  test("a result that leaves is no part of it", async () => {
    const fn: Fn = (x) => {
      const y = w.exp(x);
      return [y, w.sum(y)];
    };
    expect(await agree(fn, [w.randn([5, 6])])).toHaveLength(2);
  });

  test("an operand that is overwritten in between stays what it was", async () => {
    const p = w.tensor([1, 2, 3]);
    const step = compile((x: Tensor) => {
      const y = w.mul(x, p);
      copyInto(p, w.full([3], 7));
      return w.sum(y);
    });
    expect(await step(w.tensor([1, 1, 1])).item()).toBe(6);
    expect(await step(w.tensor([1, 1, 1])).item()).toBe(21);
  });

  test("nothing to sum", async () => {
    const x = w.zeros([0, 4]);
    await agree((x) => [w.sum(w.mul(x, 2)), w.sum(w.mul(x, 2), 0), w.mean(w.mul(x, 2), 1)], [x]);
  });

  test("functions of the result need no dispatch either", async () => {
    const x = w.randn([6, 8]);
    expect(await agree((x) => w.sqrt(w.add(w.mean(w.square(x), 1), 1e-5)), [x])).toEqual(["reduce"]);
    expect(await agree((x) => w.exp(w.sum(w.mul(x, 0.1), 0)), [x])).toEqual(["reduce"]);
  });
});

describe.each(KINDS)("rows as on %s", (kind) => {
  planAs(kind);

  test.each([12, 7])("softmax of scaled and masked scores, rows of %d", async (n) => {
    const [x, mask] = [w.randn([2, 3, n]), w.randn([3, n])];
    for (const axis of [-1, 0, 1]) {
      const fn = (x: Tensor, mask: Tensor) => F.softmax(w.add(w.mul(x, 0.3), mask), axis);
      expect(await agree(fn as Fn, [x, mask])).toEqual(["softmax"]);
      await agree(withGradients(fn as never), [x, mask], 1e-5);
      expect(await agree((x, m) => F.logSoftmax(w.mul(x, m), axis), [x, mask])).toEqual(["softmax"]);
    }
  });

  test("functions on both sides", async () => {
    const [x, r] = [w.randn([5, 12]), w.randn([5, 12])];
    const fn: Fn = (x, r) => w.mul(F.softmax(w.mul(x, r)), w.add(r, 1));
    expect(await agree(fn, [x, r])).toEqual(["softmax"]);
    const same: Fn = (x, r) => F.relu(w.mul(F.softmax(F.relu(w.mul(x, r))), r));
    expect(await agree(same, [x, r])).toEqual(["softmax"]);
  });

  test("layer norm of a sum", async () => {
    for (const d of [12, 7]) {
      const [x, r] = [w.randn([5, d]), w.randn([5, d])];
      const [weight, bias] = [w.randn([d]), w.randn([d])];
      expect(await agree((x, r) => F.layerNorm(w.add(x, r), d, weight, bias), [x, r])).toEqual([
        "layer_norm",
      ]);
    }
  });

  test("what is dear is computed once", async () => {
    expect(await agree((x) => F.softmax(F.gelu(x)), [w.randn([5, 12])])).toHaveLength(2);
  });
});

const lavapipe = await findAdapter({ adapter: "lavapipe" }).then(
  () => true,
  () => false,
);
test.skipIf(!lavapipe)(
  "f16 operands, of which the recording rounds the product and the fused one does not",
  async () => {
    const half = await w.requestDevice({ adapter: "lavapipe" });
    await withDevice(half, async () => {
      const [x, y] = [w.cast(w.randn([9, 8]), "f16"), w.cast(w.randn([9, 8]), "f16")];
      expect(await agree((x, y) => w.sum(w.mul(x, y), 1), [x, y], 4e-3)).toEqual(["reduce"]);
      expect(await agree((x, y) => F.softmax(w.mul(x, y)), [x, y], 4e-3)).toEqual(["softmax"]);
      const kept: Fn = (x, y) => {
        const d = w.exp(w.sub(x, y));
        return w.div(d, w.sum(d, 1, true));
      };
      expect(await agree(kept, [x, y], 4e-3)).toHaveLength(2);
    });
    half.destroy();
  },
);

test("the gradient of a mean or a sum is read where it is, not repeated first", async () => {
  const shapes: [number[], number | number[] | undefined][] = [
    [[6, 8], undefined],
    [[5, 7], 1],
    [[6, 8], 0],
    [
      [2, 3, 4],
      [0, 2],
    ],
  ];
  for (const [shape, axes] of shapes) {
    const [x, y] = [w.randn(shape), w.randn(shape)];
    const fn: Fn = (x, y) => {
      const leaf = w.mul(x, 2);
      leaf.requiresGrad = true;
      const loss = w.mean(w.square(w.sub(leaf, y)), axes);
      return w.grad([w.sum(w.exp(loss))], [leaf])[0]!;
    };
    const listed = await agree(fn, [x, y], 1e-5);
    expect(listed.filter((k) => k === "broadcast")).toEqual([]);
    if (axes !== undefined) continue;
    expect(listed).toEqual(["reduce", "fused"]);
  }
});
