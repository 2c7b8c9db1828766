// Rows of attention. Dropout is proven in test/kernels/attention.test.ts: a row's reference draws nothing.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { type AttentionOptions, scaledDotProductAttention } from "../../kernels/attention.ts";
import { type ProjectedAttentionOptions, projectedAttention } from "../../kernels/projected_attention.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Draw } from "../draw.ts";
import { at, build, type Nd } from "../nd.ts";
import { type ErrorCase, type OpRecord, type Sample, sample } from "../record.ts";
import { z } from "./samples.ts";

interface Masked {
  /** Element of the mask for (b, h, t, s); undefined: none. */
  readonly mask?: Nd;
  readonly additive?: boolean;
  readonly causal?: boolean;
  readonly scale: number;
}

/** q [b, h, t, d], k and v [b, hk, s, d], query by query. */
function attention(q: Nd, k: Nd, v: Nd, o: Masked): Nd {
  const [b, h, t, d] = q.shape as [number, number, number, number];
  const [, hk, s] = k.shape as [number, number, number];
  const y = new Float64Array(q.data.length);
  for (let row = 0; row < b * h * t; row++) {
    const [batch, head, i] = [Math.floor(row / (h * t)), Math.floor(row / t) % h, row % t];
    const keys = (batch * hk + Math.floor((head * hk) / h)) * s * d;
    const scores = Array.from({ length: s }, (_, j) => {
      if (o.causal && j > i) return Number.NEGATIVE_INFINITY;
      let dot = 0;
      for (let e = 0; e < d; e++) dot += q.data[row * d + e] * k.data[keys + j * d + e];
      return masked(dot * o.scale, o, [batch, head, i, j]);
    });
    const top = Math.max(...scores);
    if (!(top > Number.NEGATIVE_INFINITY)) continue;
    const total = scores.reduce((sum, x) => sum + Math.exp(x - top), 0);
    for (const [j, x] of scores.entries()) {
      const weight = Math.exp(x - top) / total;
      for (let e = 0; e < d; e++) y[row * d + e] += weight * v.data[keys + j * d + e];
    }
  }
  return { shape: q.shape, data: y };
}

function masked(score: number, { mask, additive }: Masked, index: readonly number[]): number {
  if (!mask) return score;
  const value = at(
    mask,
    mask.shape.map((n, i) => (n === 1 ? 0 : index[4 - mask.shape.length + i])),
  );
  if (additive) return score + value;
  return value ? score : Number.NEGATIVE_INFINITY;
}

type Sizes = readonly [b: number, h: number, hk: number, t: number, s: number, d: number];
type MaskKind = readonly [kind: "bool" | "added", shape: Shape];

const CASES: readonly (readonly [Sizes, AttentionOptions, MaskKind?])[] = [
  [[1, 1, 1, 1, 1, 8], {}],
  [[2, 2, 2, 5, 6, 8], {}],
  [[1, 2, 2, 3, 3, 7], { scale: 0.7 }],
  [[1, 1, 1, 19, 21, 8], { isCausal: true }],
  [[1, 2, 2, 18, 5, 8], { isCausal: true }],
  [[1, 4, 2, 5, 6, 8], { enableGqa: true }],
  [[2, 2, 2, 4, 5, 8], {}, ["bool", [2, 1, 1, 5]]],
  [[1, 2, 2, 5, 6, 8], {}, ["bool", [5, 6]]],
  [[1, 2, 2, 5, 6, 8], {}, ["added", [1, 2, 5, 6]]],
  [[2, 2, 1, 5, 5, 8], { isCausal: true, enableGqa: true }, ["added", [5, 5]]],
  [[1, 1, 1, 2, 3, 20], {}],
  [[1, 2, 2, 3, 0, 8], {}],
  [[1, 2, 2, 0, 3, 8], {}],
  [[0, 2, 2, 4, 3, 8], {}],
];

function samples(draw: Draw): Sample<AttentionOptions & { readonly kind?: string }>[] {
  return CASES.map(([[b, h, hk, t, s, d], options, mask]) => {
    const inputs = [draw.normal([b, h, t, d]), draw.normal([b, hk, s, d]), draw.normal([b, hk, s, d])];
    if (mask) inputs.push(mask[0] === "bool" ? draw.bool(mask[1]) : draw.normal(mask[1]));
    return sample({ ...options, kind: mask?.[0] }, ...inputs);
  });
}

const qkv = (shape: Shape = [1, 2, 3, 4]) => [z(shape), z(shape), z(shape)] as const;
const refuses = (name: string, run: () => unknown, message: RegExp, type: ErrorCase["type"]): ErrorCase => ({
  name,
  run,
  message,
  type,
});
const errors: readonly ErrorCase[] = [
  refuses(
    "rank",
    () => scaledDotProductAttention(...qkv([2, 3, 4])),
    /^scaledDotProductAttention: needs \[batch, heads, length, d\], q \[2,3,4\]/,
    ShapeError,
  ),
  refuses(
    "k and v differ",
    () => scaledDotProductAttention(z([1, 2, 3, 4]), z([1, 2, 5, 4]), z([1, 2, 3, 4])),
    /^scaledDotProductAttention: k and v must have one shape/,
    ShapeError,
  ),
  refuses(
    "d differs",
    () => scaledDotProductAttention(z([1, 2, 3, 8]), z([1, 2, 5, 4]), z([1, 2, 5, 4])),
    /^scaledDotProductAttention: q, k and v must have one batch and one d/,
    ShapeError,
  ),
  refuses(
    "heads differ",
    () => scaledDotProductAttention(z([1, 4, 3, 4]), z([1, 2, 5, 4]), z([1, 2, 5, 4])),
    /^scaledDotProductAttention: q, k and v must have as many heads, or pass enableGqa/,
    ShapeError,
  ),
  refuses(
    "heads no multiple",
    () => scaledDotProductAttention(z([1, 3, 3, 4]), z([1, 2, 5, 4]), z([1, 2, 5, 4]), { enableGqa: true }),
    /^scaledDotProductAttention: heads of q must be a multiple/,
    ShapeError,
  ),
  refuses(
    "heads of nothing",
    () => scaledDotProductAttention(...qkv([1, 1, 2, 0])),
    /^scaledDotProductAttention: d must be at least 1, q \[1,1,2,0\]/,
    ShapeError,
  ),
  refuses(
    "mask shape",
    () => scaledDotProductAttention(...qkv(), { mask: z([2, 3], "bool") }),
    /^scaledDotProductAttention: the mask must broadcast to \[1,2,3,3\], mask \[2,3\]/,
    ShapeError,
  ),
  refuses(
    "mask dtype",
    () => scaledDotProductAttention(...qkv(), { mask: z([3, 3], "i32") }),
    /^scaledDotProductAttention: the mask must be bool, f32 or f16, mask i32\[3,3\]$/,
    DTypeError,
  ),
  refuses(
    "dtype",
    () => scaledDotProductAttention(z([1, 1, 2, 4], "i32"), z([1, 1, 2, 4]), z([1, 1, 2, 4])),
    /^scaledDotProductAttention: needs f32 or f16, q i32\[1,1,2,4\]$/,
    DTypeError,
  ),
  refuses(
    "dropout",
    () => scaledDotProductAttention(...qkv(), { dropoutP: 1.5 }),
    /^scaledDotProductAttention: dropoutP must lie in \[0, 1\], got 1.5$/,
    OptionError,
  ),
  refuses(
    "scale",
    () => scaledDotProductAttention(...qkv(), { scale: Number.NaN }),
    /^scaledDotProductAttention: scale must be finite, got NaN$/,
    OptionError,
  ),
];

const fused: OpRecord<AttentionOptions & { readonly kind?: string }> = {
  name: "scaledDotProductAttention",
  samples,
  run: ([q, k, v, mask], { kind, ...o }) => scaledDotProductAttention(q, k, v, { ...o, mask }),
  reference: ([q, k, v, mask], { kind, isCausal, scale = q.shape[3] ** -0.5 }) =>
    attention(q, k, v, { mask, additive: kind === "added", causal: isCausal, scale }),
  differentiable: true,
  compare: "largest",
  errors,
};

/** The part of a projection that belongs to one of q, k, v: [b, h, rows, d]. */
function part(x: Nd, heads: number, order: string, offset: number, width: number): Nd {
  const [rows, b] = order === "tbhd" ? x.shape : [x.shape[1], x.shape[0]];
  const d = width / heads;
  return build([b, heads, rows, d], ([n, h, i, e]) =>
    at(x, [...(order === "tbhd" ? [i, n] : [n, i]), offset + h * d + e]),
  );
}

type Projected = Pick<ProjectedAttentionOptions, "heads" | "order" | "isCausal">;
const projected: OpRecord<Projected> = {
  name: "projectedAttention",
  samples: (draw) => [
    sample({ heads: 2, order: "tbhd" }, draw.normal([5, 2, 24])),
    sample({ heads: 2, order: "bthd", isCausal: true }, draw.normal([2, 5, 42])),
    sample(
      { heads: 2, order: "tbhd" },
      draw.normal([5, 2, 8]),
      draw.normal([6, 2, 8]),
      draw.normal([6, 2, 8]),
    ),
    sample(
      { heads: 1, order: "bthd" },
      draw.normal([1, 5, 6]),
      draw.normal([1, 7, 6]),
      draw.normal([1, 7, 6]),
    ),
  ],
  run: (inputs, o) => projectedAttention(inputs, o).y,
  reference: (inputs, { heads, order, isCausal }) => {
    const joined = inputs.length === 1;
    const width = inputs[0].shape[2] / (joined ? 3 : 1);
    const [q, k, v] = [0, 1, 2].map((i) =>
      part(inputs[joined ? 0 : i], heads, order, joined ? i * width : 0, width),
    );
    const y = attention(q, k, v, { causal: isCausal, scale: (width / heads) ** -0.5 });
    const [rows, b] = [q.shape[2], q.shape[0]];
    return build(order === "tbhd" ? [rows, b, width] : [b, rows, width], ([i, n, e]) => {
      const [row, batch] = order === "tbhd" ? [i, n] : [n, i];
      return at(y, [batch, Math.floor(e / (width / heads)), row, e % (width / heads)]);
    });
  },
  differentiable: true,
  compare: "largest",
  errors: [
    refuses(
      "heads",
      () => projectedAttention([z([2, 3, 10])], { heads: 2, order: "tbhd" }),
      /^scaledDotProductAttention: projections must fit each other and 2 heads, got \[2,3,10\]$/,
      ShapeError,
    ),
  ],
};

export const attentionRecords: readonly OpRecord[] = [fused, projected] as never;
