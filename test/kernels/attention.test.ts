// scaledDotProductAttention: PyTorch's golden values with gradients of both orders, every variant of the kernels, rows that may
// attend to nothing, dropout (which scores, how many, the same in forward, backward and replay), memory linear in the length.
import { beforeAll, describe, expect, test } from "vitest";
import { withDevice } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { type AttentionOptions, scaledDotProductAttention } from "../../src/kernels/attention.ts";
import type { AttentionPlan } from "../../src/kernels/attention_plan.ts";
import { projectedAttention } from "../../src/kernels/projected_attention.ts";
import { backward, grad } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { full, ones, randn, tensor, zeros } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose } from "./golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

type Values = ArrayLike<number>;

/** Masks are stored as I32: 0 and 1. */
const asBool = (m: Tensor | undefined, values: Values | undefined) =>
  m?.dtype === "i32" ? tensor(Array.from(values!), { shape: m.shape, dtype: "bool" }) : m;

const cases = loadGolden<AttentionOptions>("attention", "scaledDotProductAttention");
const run = (c: (typeof cases)[number], plan?: Partial<AttentionPlan>) =>
  checkGolden(
    c as never,
    ({ q, k, v, mask }) => {
      const values = c.inputs.mask?.data as Int32Array | undefined;
      return [scaledDotProductAttention(q!, k!, v!, { ...c.options, mask: asBool(mask, values), plan })];
    },
    // Scores of 100 lose the digits before the point: exp(x (1 + eps)) is off by x eps.
  );

describe("golden values of PyTorch", () => {
  test.each(cases)("$name", (c) => run(c));

  const odd = cases.filter((c) =>
    ["d7", "causal_tall", "keys_causal", "added_h", "gqa_mask"].includes(c.name),
  );
  test.each(odd)("$name, no shared loads, one row a thread", (c) =>
    run(c, { quads: false, rows: 1, lanes: 8 }),
  );
  const whole = cases.filter((c) => !c.inputs.mask);
  test.each(whole)("$name, all gradients in one kernel", (c) => run(c, { whole: true }));
  test.each(odd)("$name, shared loads, wide workgroups", (c) => run(c, { rows: 3, lanes: 16 }));
});

function leaf(shape: readonly number[]): Tensor {
  const t = randn(shape);
  t.requiresGrad = true;
  return t;
}

describe("rows that may attend to nothing", () => {
  test("zeros, and gradients of zero, with a bool mask and with -inf", async () => {
    const allowed = [1, 1, 0, 0, 0, 0, 0, 1, 0];
    const masks = [
      tensor(allowed, { shape: [3, 3], dtype: "bool" }),
      tensor(
        allowed.map((a) => (a ? 0 : Number.NEGATIVE_INFINITY)),
        { shape: [3, 3] },
      ),
    ];
    for (const mask of masks) {
      const [q, k, v] = [leaf([1, 1, 3, 8]), leaf([1, 1, 3, 8]), leaf([1, 1, 3, 8])];
      const y = scaledDotProductAttention(q, k, v, { mask });
      const [dq, dk, dv] = grad(y, [q, k, v], { gradOutputs: [ones(y.shape)] });
      expect([...(await y.data())].slice(8, 16)).toEqual(new Array(8).fill(0));
      expect([...(await dq!.data())].slice(8, 16)).toEqual(new Array(8).fill(0));
      expect([...(await dk!.data())].slice(16)).toEqual(new Array(8).fill(0)); // a key nobody attends to
      expect([...(await dv!.data())].slice(16)).toEqual(new Array(8).fill(0));
      for (const g of [dq, dk, dv]) expect([...(await g!.data())].every(Number.isFinite)).toBe(true);
    }
  });

  test("a mask of the lowest number is no -inf: equal weights", async () => {
    const v = randn([1, 1, 2, 8]);
    const q = zeros([1, 1, 1, 8]);
    const y = scaledDotProductAttention(q, v, v, { mask: full([1, 2], -3.4028234663852886e38) });
    const values = await v.data();
    expectClose(
      await y.data(),
      Array.from({ length: 8 }, (_, e) => (values[e]! + values[8 + e]!) / 2),
      1e-6,
    );
  });

  test("NaN goes through", async () => {
    const q = tensor(
      Array.from({ length: 16 }, (_, i) => (i === 3 ? Number.NaN : i / 8)),
      { shape: [1, 1, 2, 8] },
    );
    const y = await scaledDotProductAttention(q, ones([1, 1, 5, 8]), ones([1, 1, 5, 8])).data();
    expect([...y].map(Number.isNaN)).toEqual([...new Array(8).fill(true), ...new Array(8).fill(false)]);
  });
});

test("one kernel for all gradients where a batch has many heads, and two say the same", async () => {
  for (const [t, s, d, dropoutP] of [
    [37, 21, 12, 0],
    [18, 40, 7, 0.4],
  ] as const) {
    const inputs = [leaf([2, 8, t, d]), leaf([2, 4, s, d]), leaf([2, 4, s, d])] as const;
    const dy = randn([2, 8, t, d]);
    const gradients = (whole: boolean) => {
      manualSeed(3);
      const plan = whole ? {} : { whole };
      const y = scaledDotProductAttention(...inputs, { enableGqa: true, isCausal: true, dropoutP, plan });
      return grad(y, inputs, { gradOutputs: [dy] });
    };
    const [one, two] = [gradients(true), gradients(false)];
    for (let n = 0; n < 3; n++) expectClose(await one[n]!.data(), await two[n]!.data(), 2e-6, `d ${d}`);
  }
});

describe("dropout", () => {
  /** Weights are 1 / s before dropout and v = identity: y shows which were kept. */
  async function kept(p: number, [b, h, t, s]: readonly [number, number, number, number]): Promise<number[]> {
    const eye = tensor(
      Array.from({ length: b * h * s * s }, (_, i) => ((i % (s * s)) % (s + 1) === 0 ? s : 0)),
      { shape: [b, h, s, s] },
    );
    const y = scaledDotProductAttention(zeros([b, h, t, s]), eye, eye, { dropoutP: p });
    return Array.from(await y.data(), (x) => Math.round(x * (1 - p) * 1e4) / 1e4);
  }

  test("keeps what the host's generator says", async () => {
    manualSeed(7);
    const [t, s, p] = [6, 10, 0.4];
    const g = new Generator(7);
    const want: number[] = [];
    for (let row = 0; row < 2 * t; row++)
      want.push(...Array.from(g.uniform(12), (u) => (u >= Math.fround(p) ? 1 : 0)).slice(0, s));
    expect(await kept(p, [1, 2, t, s])).toEqual(want);
  });

  test("the share that is kept; the next call draws anew; a seed repeats", async () => {
    manualSeed(1);
    const shape = [2, 4, 125, 16] as const;
    const first = await kept(0.25, shape);
    const share = first.reduce((a, x) => a + x, 0) / first.length;
    expect(Math.abs(share - 0.75)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / first.length));
    const second = await kept(0.25, shape);
    expect(second).not.toEqual(first);
    manualSeed(1);
    expect(await kept(0.25, shape)).toEqual(first);
  });

  test("gradients are those of the function drawn: differences with a fixed seed", async () => {
    const shape = [1, 2, 5, 8];
    const inputs = [leaf(shape), leaf(shape), leaf(shape)];
    const values = await Promise.all(inputs.map((x) => x.data()));
    const dy = randn(shape);
    const weights = await dy.data();
    const apply = ([q, k, v]: readonly Tensor[]) => {
      manualSeed(11);
      return scaledDotProductAttention(q!, k!, v!, { dropoutP: 0.3, isCausal: true });
    };
    const loss = async (data: readonly Values[]) => {
      const y = await apply(data.map((d) => tensor(Float32Array.from(d), { shape }))).data();
      return Array.from(y).reduce((a, x, i) => a + x * weights[i]!, 0);
    };
    const gradients = grad(apply(inputs), inputs, { gradOutputs: [dy], retainGraph: true });
    const recorded = grad(apply(inputs), inputs, { gradOutputs: [dy], createGraph: true });
    for (let n = 0; n < 3; n++) {
      const got = await gradients[n]!.data();
      expectClose(await recorded[n]!.data(), got, 1e-5, "under createGraph");
      for (const at of [0, 13, 37, 79]) {
        const moved = (h: number) =>
          loss(values.map((d, m) => Array.from(d, (x, i) => (m === n && i === at ? x + h : x))));
        const slope = ((await moved(1e-2)) - (await moved(-1e-2))) / 2e-2;
        expect(Math.abs(slope - got[at]!)).toBeLessThan(2e-3 * (1 + Math.abs(slope)));
      }
    }
  });

  test("1 drops all: zeros, gradients too", async () => {
    const x = leaf([1, 1, 3, 8]);
    const y = scaledDotProductAttention(x, x, x, { dropoutP: 1 });
    expect([...(await y.data())].every((v) => v === 0)).toBe(true);
    const [dx] = grad(y, [x], { gradOutputs: [ones(y.shape)] });
    expect([...(await dx!.data())].every((v) => v === 0)).toBe(true);
  });

  test("a captured step draws anew at each replay, as eager steps do", async () => {
    const make = () =>
      tensor(
        Float32Array.from({ length: 80 }, (_, i) => Math.sin(i)),
        { shape: [1, 2, 5, 8] },
      );
    const step = (q: Tensor) => {
      const x = q.alias(q.shape);
      x.requiresGrad = true;
      const y = scaledDotProductAttention(x, x, x, { dropoutP: 0.5 });
      const [dx] = grad(y, [x], { gradOutputs: [ones(y.shape)] });
      return { y, dx: dx! };
    };
    const three = async (f: typeof step) => {
      manualSeed(5);
      const found: number[][] = [];
      for (let n = 0; n < 3; n++) {
        const { y, dx } = f(make());
        found.push([...(await y.data()), ...(await dx.data())]);
      }
      return found;
    };
    const eager = await three(step);
    const replayed = await three(compile(step) as typeof step);
    expect(eager[1]).not.toEqual(eager[0]);
    for (let n = 0; n < 3; n++) expectClose(replayed[n]!, eager[n]!, 1e-6, `step ${n}`);
  });
});

describe("weights for inspection", () => {
  test("rows add to 1, y is weights x v, gradients flow through both", async () => {
    const [q, k, v] = [leaf([2, 4, 5, 8]), leaf([2, 2, 6, 8]), leaf([2, 2, 6, 8])];
    const options = { enableGqa: true, isCausal: true } as const;
    const [y, weights] = scaledDotProductAttention(q, k, v, { ...options, needWeights: true });
    expect(weights.shape).toEqual([2, 4, 5, 6]);
    const data = await weights.data();
    for (let row = 0; row < 40; row++) {
      const part = Array.from(data).slice(row * 6, row * 6 + 6);
      expect(part.reduce((a, x) => a + x, 0)).toBeCloseTo(1, 5);
      expect(part.slice((row % 5) + 1).every((x) => x === 0)).toBe(true);
    }
    expectClose(await y.data(), await scaledDotProductAttention(q, k, v, options).data(), 2e-6);
    backward(weights, ones(weights.shape));
    expect(q.grad).not.toBeNull();
  });
});

test("two runs are bit-identical", async () => {
  const x = leaf([1, 2, 70, 20]);
  const once = async () => {
    const y = scaledDotProductAttention(x, x, x, { isCausal: true });
    const [dx] = grad(y, [x], { gradOutputs: [ones(y.shape)] });
    return [...(await y.data()), ...(await dx!.data())];
  };
  expect(await once()).toEqual(await once());
});

test("projections side by side: the gradient holds all three", async () => {
  const qkv = leaf([5, 2, 48]);
  const { y } = projectedAttention([qkv], { heads: 2, order: "tbhd" });
  const [fused] = grad(y, [qkv], { gradOutputs: [ones(y.shape)] });
  const { y: again } = projectedAttention([qkv], { heads: 2, order: "tbhd", needWeights: true });
  const [composed] = grad(again, [qkv], { gradOutputs: [ones(y.shape)] });
  expectClose(await y.data(), await again.data(), 2e-6);
  expectClose(await fused!.data(), await composed!.data(), 1e-5);
});

test("forward and backward at 1024 keys: memory linear in the length", async () => {
  const peakOf = async (t: number) => {
    const own = await requestDevice();
    const { inputs, before } = withDevice(own, () => {
      const inputs = [1, 2, 3].map(() => leaf([1, 2, t, 16]));
      return { inputs, before: own.memory().liveBytes };
    });
    const [dq] = withDevice(own, () =>
      scope(() => {
        const y = scaledDotProductAttention(inputs[0]!, inputs[1]!, inputs[2]!, { isCausal: true });
        return grad(y, inputs, { gradOutputs: [ones(y.shape)] });
      }),
    );
    await dq!.data();
    const { peakBytes } = own.memory();
    own.destroy();
    return peakBytes - before;
  };
  const [short, long] = [await peakOf(256), await peakOf(1024)];
  const tensorBytes = 2 * 1024 * 16 * 4;
  expect(long).toBeLessThan(4.5 * short);
  // y, dy, dq, dk, dv, and 3 words a query: the matrix of weights alone would be 64 of them.
  expect(long).toBeLessThan(6.5 * tensorBytes);
});
