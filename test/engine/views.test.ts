// Views: kernels that take strides see through the copies around them, and through no copy that strides do not say. The
// programs give what the recordings give.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apart, type Box, relayout, through } from "../../src/gpu/fuse/strides.ts";
import * as w from "../../src/node.ts";
import { type Device, F, type Tensor } from "../../src/node.ts";
import { type Compiled, compile } from "../../src/tensor/compile.ts";
import { copyInto } from "../../src/tensor/primitives.ts";

let device: Device;
beforeAll(async () => {
  device = await w.requestDevice();
});
afterAll(() => device.destroy());

type Results = readonly Tensor[];
const labels = (c: Compiled<readonly Tensor[], unknown>) => c.programs[0].dispatches.map((d) => d.kernel);
const copies = (c: Compiled<readonly Tensor[], unknown>) =>
  labels(c).filter((k) => k === "strided_copy").length;

/** Runs fn as recorded and rewritten; both give the same, also when run again. The copies that are left. */
async function copiesLeft(
  fn: (...args: readonly Tensor[]) => Results,
  args: readonly Tensor[],
): Promise<number> {
  const [plain, fused] = [compile(fn, { fuse: false }), compile(fn)];
  for (let run = 0; run < 2; run++) {
    w.manualSeed(3 + run);
    const want = plain(...args);
    w.manualSeed(3 + run);
    const got = fused(...args);
    for (const [k, t] of want.entries()) {
      const [a, b] = [await t.data(), await got[k].data()];
      const scale = Math.max(1e-30, ...Array.from(a, Math.abs));
      for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i]) / scale).toBeLessThan(1e-6);
    }
  }
  return copies(fused);
}

/** Value and gradients of fn, weighed so that no gradient is all ones. */
const withGradients =
  (fn: (...args: readonly Tensor[]) => Tensor) =>
  (...args: readonly Tensor[]): Results => {
    const inputs = args.map((x) => w.mul(x, 1));
    for (const x of inputs) x.requiresGrad = true;
    const y = fn(...inputs);
    const weights = w.sin(w.arange(0, y.size, 1));
    return [y, ...w.grad([w.sum(w.mul(w.reshape(y, [-1]), weights))], inputs)] as Results;
  };

describe("places", () => {
  test("through a copy, as an enumeration says", () => {
    const map = relayout(
      [
        { size: 3, from: 4, to: 40 },
        { size: 4, from: 1, to: 1 },
        { size: 2, from: 12, to: 8 },
      ],
      5,
      24,
    )!;
    const where = (i: number) => 5 + (i % 4) + (Math.floor(i / 4) % 3) * 40 + Math.floor(i / 12) * 8;
    const boxes: Box[] = [];
    for (const stride of [1, 2, 3, 4, 8, 12, 16]) {
      for (const size of [1, 2, 3, 4, 6]) {
        for (const offset of [0, 1, 4, 9]) {
          boxes.push({ offset, axes: [{ size, stride }] });
          boxes.push({
            offset,
            axes: [
              { size: 2, stride: 12 },
              { size, stride },
            ],
          });
        }
      }
    }
    let seen = 0;
    for (const box of boxes) {
      const all = places(box);
      if (all.some((p) => p >= 24)) continue;
      const moved = through(box, map);
      if (!moved) continue;
      seen++;
      expect(places(moved)).toEqual(all.map(where));
    }
    expect(seen).toBeGreaterThan(20);
  });

  test("only of a whole tensor, and forwards", () => {
    const axis = (size: number, from: number, to: number) => ({ size, from, to });
    expect(relayout([axis(4, 1, 1), axis(2, 4, 8)], 0, 8)).not.toBeNull();
    expect(relayout([axis(4, 1, 1)], 0, 8)).toBeNull(); // a part
    expect(relayout([axis(4, 2, 1)], 0, 4)).toBeNull();
    expect(relayout([axis(4, 1, 0)], 0, 4)).toBeNull(); // broadcast
    expect(relayout([axis(4, 1, -1)], 3, 4)).toBeNull(); // flipped
  });

  test("apart: columns of one table", () => {
    const part = (offset: number, width: number): Box => ({
      offset,
      axes: [
        { size: 5, stride: 12 },
        { size: width, stride: 1 },
      ],
    });
    expect(apart(part(0, 4), part(4, 8))).toBe(true);
    expect(apart(part(0, 5), part(4, 8))).toBe(false);
    expect(apart(part(8, 4), part(0, 4))).toBe(true);
    expect(apart(part(10, 4), part(0, 1))).toBe(false); // runs over the end of the row
  });
});

function places({ offset, axes }: Box): number[] {
  return axes.reduce(
    (list, { size, stride }) => list.flatMap((p) => Array.from({ length: size }, (_, i) => p + i * stride)),
    [offset],
  );
}

describe("attention between split, permute and cat", () => {
  /** [b, t, (h + 2 hk) d] -> [b, t, h d]. */
  const attend =
    (h: number, hk: number, options: object = {}) =>
    (x: Tensor): Tensor => {
      const [b, t, e] = x.shape;
      const d = e / (h + 2 * hk);
      const heads = (part: Tensor, n: number) => w.permute(w.reshape(part, [b, t, n, d]), [0, 2, 1, 3]);
      const [q, k, v] = w.split(x, [h * d, hk * d, hk * d], -1);
      const y = F.scaledDotProductAttention(heads(q, h), heads(k, hk), heads(v, hk), options as never);
      return w.reshape(w.permute(y, [0, 2, 1, 3]), [b, t, h * d]);
    };

  test.each([
    ["causal", 4, 4, 16, { isCausal: true }],
    ["every thread for itself", 2, 2, 8, { plan: { quads: false, rows: 2, lanes: 4 } }],
    ["grouped heads", 4, 2, 8, { enableGqa: true }],
    ["rows of no whole vectors", 2, 2, 7, {}],
    ["dropout", 2, 2, 8, { dropoutP: 0.3 }],
  ])("%s: no copy is left, forward or backward", async (_, h, hk, d, options) => {
    const x = w.randn([2, 9, (h + 2 * hk) * d]);
    expect(await copiesLeft(withGradients(attend(h, hk, options)), [x])).toBe(0);
  });

  test("with a mask that wants a gradient", async () => {
    const fn = (x: Tensor, mask: Tensor) => attend(2, 2, { mask })(x);
    expect(await copiesLeft(withGradients(fn as never), [w.randn([2, 6, 48]), w.randn([6, 6])])).toBe(0);
  });

  test("three projections apart, in the order key, value, query", async () => {
    const heads = (x: Tensor) => w.permute(w.reshape(x, [2, 8, 2, 8]), [0, 2, 1, 3]);
    const fn = (k: Tensor, v: Tensor, q: Tensor) => F.scaledDotProductAttention(heads(q), heads(k), heads(v));
    const args = [w.randn([2, 8, 16]), w.randn([2, 8, 16]), w.randn([2, 8, 16])];
    expect(await copiesLeft(withGradients(fn as never), args)).toBe(0);
  });

  test("a result that is read elsewhere too, or returned, is still made", async () => {
    const fn = (x: Tensor): Results => {
      const [q, k, v] = w.split(x, 8, -1);
      const y = F.scaledDotProductAttention(q, k, v); // [2, 3, 5, 8]
      const turned = w.permute(y, [0, 2, 1, 3]);
      return [w.mul(turned, 2), w.add(y, 1), y, turned];
    };
    expect(await copiesLeft(fn as never, [w.randn([2, 3, 5, 24])])).toBe(1);
  });
});

describe("copies of copies", () => {
  test("are one copy each", async () => {
    const fn = (x: Tensor): Results =>
      w.chunk(x, 3, -1).map((part) => w.permute(w.reshape(part, [2, 5, 2, 8]), [0, 2, 1, 3]));
    expect(await copiesLeft(fn as never, [w.randn([2, 5, 48])])).toBe(3);
  });

  test("chains of permute, narrow, flip and cat at random give what was recorded", async () => {
    let state = 11;
    const random = (n: number) => {
      state = (state * 48271) % 2147483647;
      return state % n;
    };
    const step = (x: Tensor): Tensor => {
      const axis = random(x.rank);
      const size = x.shape[axis];
      const kind = random(5);
      if (kind === 0) return w.flip(x, [axis]);
      if (kind === 1 && size > 2)
        return w.narrow(x, axis, (random(2) * (size % 4 === 0 ? 4 : 1)) % (size - 1), size >> 1);
      if (kind === 2 && x.size < 500) return w.cat([x, w.permute(w.mul(x, 2), [0, 1, 2])], axis);
      if (kind === 3)
        return w.reshape(w.permute(w.reshape(x, [x.shape[0], -1]), [1, 0]), [x.shape[1], x.shape[2], -1]);
      const orders = [
        [0, 2, 1],
        [1, 0, 2],
        [2, 0, 1],
        [1, 2, 0],
        [2, 1, 0],
      ];
      return w.permute(x, orders[random(5)]);
    };
    let [before, left] = [0, 0];
    for (let round = 0; round < 40; round++) {
      const seed = random(1e6) + 1;
      const fn = (x: Tensor): Results => {
        state = seed;
        let y = x;
        for (let k = 0; k < 4; k++) y = step(y);
        return [y];
      };
      const plain = compile(fn, { fuse: false });
      const x = w.randn([4, 6, 8]);
      plain(x);
      before += copies(plain as never);
      left += await copiesLeft(fn as never, [x]);
      state = seed + round;
    }
    expect(left).toBeLessThan(before);
  });
});

describe("copies that are not seen through", () => {
  const attention = (q: Tensor, kv: Tensor) => F.scaledDotProductAttention(q, kv, kv);

  test("of what is overwritten before the kernel runs", async () => {
    const p = w.randn([1, 6, 2, 8]);
    const [before, kv] = [w.mul(p, 1), w.randn([1, 2, 6, 8])];
    const step = compile((other: Tensor) => {
      const q = w.permute(p, [0, 2, 1, 3]);
      copyInto(p, w.full([1, 6, 2, 8], 7));
      return attention(q, other);
    });
    const want = attention(w.permute(before, [0, 2, 1, 3]), kv);
    expect(await step(kv).data()).toEqual(await want.data());
    expect(copies(step)).toBe(1);
  });

  test.each([
    ["other strides than 1 within a row", (x: Tensor) => w.permute(x, [0, 1, 3, 2]), [1, 2, 8, 6]],
    ["backwards", (x: Tensor) => w.flip(x, [2]), [1, 2, 6, 8]],
    ["broadcast", (x: Tensor) => w.expand(x, [3, 2, 6, 8]), [1, 2, 6, 8]],
    ["vectors that start between words of 16 bytes", (x: Tensor) => w.narrow(x, 3, 2, 8), [1, 2, 6, 12]],
  ])("%s", async (_, copy, shape) => {
    const x = w.randn(shape);
    const { shape: made } = copy(x);
    const fn = (x: Tensor, kv: Tensor): Results => [attention(copy(x), kv)];
    const [plain, fused] = [compile(fn, { fuse: false }), compile(fn)];
    const kv = w.randn([...made]);
    expect(await fused(x, kv)[0].data()).toEqual(await plain(x, kv)[0].data());
    expect(labels(fused).length).toBe(labels(plain).length);
  });

  test("into what is filled with zeros in between: the gradient of a part", async () => {
    const fn = (x: Tensor, kv: Tensor) => attention(w.narrow(x, 3, 4, 8), kv);
    const args = [w.randn([1, 2, 6, 16]), w.randn([1, 2, 6, 8])];
    expect(await copiesLeft(withGradients(fn as never), args)).toBe(1);
  });

  test("into what something else writes or reads in between", async () => {
    const fn = (q: Tensor, kv: Tensor): Results => {
      const y = attention(q, kv);
      const target = w.full([1, 2, 12, 8], 1);
      const early = w.mul(target, 2);
      const part = w.narrow(w.cat([y, target], 2), 2, 3, 9);
      return [early, part];
    };
    await copiesLeft(fn as never, [w.randn([1, 2, 6, 8]), w.randn([1, 2, 6, 8])]);
  });
});
