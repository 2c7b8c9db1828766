// lstm, gru, rnn as ops: against their compositions in plain ops, dispatches, determinism, lengths on the device, NaN.
// PyTorch's values: test/layers/recurrent.test.ts.
import { beforeAll, describe, expect, test } from "vitest";
import { DTypeError, ShapeError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { add } from "../../src/kernels/binary.ts";
import { gru } from "../../src/kernels/gru.ts";
import { linear } from "../../src/kernels/linear.ts";
import { lstm } from "../../src/kernels/lstm.ts";
import type { RecurrentOptions } from "../../src/kernels/recurrent.ts";
import { composeGru, composeLstm, composeRnn } from "../../src/kernels/recurrent_composition.ts";
import { rnn } from "../../src/kernels/rnn.ts";
import { backward, grad } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { randn, tensor } from "../../src/tensor/create.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import { fill } from "../../src/tensor/primitives.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectClose } from "./golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

type Size = readonly [t: number, b: number, inputs: number, hidden: number];
const GATES = { lstm: 4, gru: 3, rnn: 1 } as const;
type Kind = keyof typeof GATES;
const KINDS = Object.keys(GATES) as Kind[];

const drawn = (std: number, ...shape: number[]) => {
  const n = shape.reduce((a, b) => a * b, 1);
  return parameter(
    shape,
    Float32Array.from({ length: n }, (_, i) => std * Math.sin(1 + 0.7 * i * i)),
  );
};
const weightsOf = (kind: Kind, [, , inputs, h]: Size) => ({
  weightIh: drawn(0.4, GATES[kind] * h, inputs),
  weightHh: drawn(1 / Math.sqrt(h), GATES[kind] * h, h),
  biasIh: drawn(0.5, GATES[kind] * h),
  biasHh: drawn(0.3, GATES[kind] * h),
});
type Weights = ReturnType<typeof weightsOf>;

const OPS = { lstm, gru, rnn };

/** The same in plain ops: [y, ...states]. */
function composed(
  kind: Kind,
  [steps, batch, , hidden]: Size,
  x: Tensor,
  w: Weights,
  o: RecurrentOptions,
): Tensor[] {
  const lengths = o.lengths ? tensor(Int32Array.from(o.lengths as number[])) : null;
  const s = { steps, batch, hidden, gates: GATES[kind], reverse: o.reverse ?? false, lengths };
  if (kind === "gru") return composeGru(s, linear(x, w.weightIh, w.biasIh), w.weightHh, w.biasHh, null);
  const gx = linear(x, w.weightIh, add(w.biasIh, w.biasHh));
  return kind === "lstm"
    ? composeLstm(s, gx, w.weightHh, null, null)
    : composeRnn(s, gx, w.weightHh, null, false);
}

describe("against the composition", () => {
  const CASES: readonly (readonly [Size, RecurrentOptions])[] = [
    [[3, 13, 8, 32], { reverse: true }],
    [[5, 7, 3, 33], { lengths: [1, 5, 3, 2, 4, 5, 1] }],
    [[4, 6, 5, 12], { lengths: [4, 1, 2, 3, 2, 1], reverse: true }],
    [[2, 37, 3, 128], {}], // so many that a thread has eight rows
  ];
  test.each(KINDS.flatMap((kind) => CASES.map(([size, o]) => [kind, size, o] as const)))(
    "%s %j %j",
    async (kind, size, o) => {
      const [t, b, inputs] = size;
      const w = weightsOf(kind, size);
      const x = randn([t, b, inputs], { requiresGrad: true });
      const wanted = [x, ...Object.values(w)];
      const [got, want] = [OPS[kind](x, w, o) as readonly Tensor[], composed(kind, size, x, w, o)];
      const dys = want.map((y) => randn(y.shape));
      const [dgot, dwant] = [got, want].map((ys) => grad(ys, wanted, { gradOutputs: dys }));
      for (const [k, y] of want.entries())
        expectClose(await got[k].data(), await y.data(), 2e-6, `result ${k}`);
      for (const [k, d] of dwant.entries()) {
        expectClose(await dgot[k].data(), await d.data(), 1e-5, `gradient ${k}`);
      }
    },
  );
});

describe("dispatches", () => {
  test.each([
    // projection (+ sum of biases), 2T steps, three products, sums of the biases' gradients
    ["lstm", 6],
    ["gru", 6],
    ["rnn", 6],
  ] as const)("%s: 2T + %i", async (kind, rest) => {
    const size: Size = [9, 16, 64, 64];
    const w = weightsOf(kind, size);
    const x = randn([9, 16, 64], { requiresGrad: true });
    const dy = randn([9, 16, 64]);
    const step = compile(() => grad(OPS[kind](x, w)[0], [x, ...Object.values(w)], { gradOutputs: [dy] }));
    const first = await step()[1].data();
    expect(step.programs[0].dispatches.length).toBeLessThanOrEqual(2 * 9 + rest);
    expect(await step()[1].data()).toEqual(first);
  });
});

test("gradients that are not asked for are not computed", async () => {
  const w = weightsOf("lstm", [4, 3, 2, 4]);
  const h0 = randn([3, 4], { requiresGrad: true });
  const x = randn([4, 3, 2]);
  const [, h] = lstm(x, w, { h0 });
  // Of the last state alone: no dy, no dc.
  const [dh0] = grad(h, [h0], { gradOutputs: [randn([3, 4])] });
  expect(dh0.shape).toEqual([3, 4]);
  expect((await dh0.data()).every(Number.isFinite)).toBe(true);
});

test("lengths on the device are clamped to the steps there are", async () => {
  const w = weightsOf("gru", [3, 2, 2, 4]);
  const x = randn([3, 2, 2]);
  const [y, h] = gru(x, w, { lengths: tensor(Int32Array.of(99, -5)), reverse: true });
  const [want, hWant] = gru(x, w, { lengths: [3, 1], reverse: true });
  expect(await y.data()).toEqual(await want.data());
  expect(await h.data()).toEqual(await hWant.data());
  expect(() => gru(x, w, { lengths: tensor([1, 2]) })).toThrow(DTypeError);
  expect(() => gru(x, w, { lengths: tensor(Int32Array.of(1)) })).toThrow(ShapeError);
});

test.each(KINDS)("%s: NaN stays in its own sequence, and nothing overflows", async (kind) => {
  const size: Size = [2, 2, 2, 4];
  const w = weightsOf(kind, size);
  const x = tensor([NaN, 0, 1e30, -1e30, 0, 0, 3e38, 0], { shape: [2, 2, 2] });
  const [y] = OPS[kind](x, w);
  const values = Array.from(await y.data());
  const [first, second] = [0, 4].map((at) =>
    [values.slice(at, at + 4), values.slice(at + 8, at + 12)].flat(),
  );
  expect(first.every(Number.isNaN)).toBe(true);
  expect(second.some(Number.isNaN)).toBe(false);
});

test("a weight changed before backward is an error that names both", () => {
  const w = weightsOf("lstm", [2, 1, 2, 4]);
  const [y] = lstm(randn([2, 1, 2]), w);
  fill(w.weightHh, 0);
  const run = () => backward(y, randn(y.shape));
  expect(run).toThrow(UsageError);
  expect(run).toThrow(/^backward of lstm: lstmBackward needs .*, which fill has changed in place/);
});
