// Rows of einsum and of the products with ranks of their own.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { einsum } from "../../kernels/einsum.ts";
import { parseEquation } from "../../kernels/einsum_plan.ts";
import { type AddProductOptions, addmm, baddbmm, bmm, dot, mv, outer } from "../../kernels/products.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { at, build, map, type Nd, unravel, zip } from "../nd.ts";
import { type ErrorCase, type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

const refuses = (
  name: string,
  run: () => unknown,
  message: RegExp,
  type: ErrorCase["type"] = ShapeError,
): ErrorCase => ({ name, run, message, type });

/** Walks all labels at once: the definition. */
function einsumReference(equation: string, xs: readonly Nd[]): Nd {
  const { inputs, output, sizes } = parseEquation(
    equation,
    xs.map((x) => x.shape),
  );
  const summed = [...sizes.keys()].filter((l) => !output.includes(l));
  const [outer, inner] = [output, summed].map((labels) => labels.map((l) => sizes.get(l)!));
  const terms = inner.reduce((n, s) => n * s, 1);
  return build(outer, (index) => {
    let sum = 0;
    for (let t = 0; t < terms; t++) {
      const rest = unravel(t, inner);
      const place = new Map([
        ...output.map((l, i) => [l, index[i]] as const),
        ...summed.map((l, i) => [l, rest[i]] as const),
      ]);
      sum += xs.reduce((product, x, k) => {
        const own = inputs[k].map((l, axis) => (x.shape[axis] === 1 ? 0 : place.get(l)!));
        return product * at(x, own);
      }, 1);
    }
    return sum;
  });
}

const EQUATIONS: readonly (readonly [string, ...Shape[]])[] = [
  ["ij,jk->ik", [3, 4], [4, 5]],
  ["ij,jk", [3, 4], [4, 5]],
  ["ij,kj->ik", [3, 4], [5, 4]],
  ["ji,jk->ki", [4, 3], [4, 5]],
  ["bij,bjk->bik", [2, 3, 4], [2, 4, 5]],
  ["bhtd,bhsd->bhts", [2, 2, 5, 3], [2, 2, 4, 3]],
  ["bthd,bshd->bhts", [2, 5, 2, 3], [2, 4, 2, 3]],
  ["i,j->ij", [3], [4]],
  ["i,i->", [5], [5]],
  ["ij,ij->ij", [3, 4], [3, 4]],
  ["ij,ij->i", [3, 4], [3, 4]],
  ["ij->ji", [3, 4]],
  ["ij->", [3, 4]],
  ["ij->j", [3, 4]],
  ["ba", [3, 4]],
  ["ii->i", [4, 4]],
  ["ii->", [4, 4]],
  ["iij->j", [3, 3, 4]],
  ["iii->i", [3, 3, 3]],
  ["iij,jk->ik", [3, 3, 4], [4, 2]],
  ["ab,bc,cd->ad", [2, 3], [3, 4], [4, 5]],
  ["bn,anm,bm->ba", [2, 3], [4, 3, 5], [2, 5]],
  ["a,b,c,d->abcd", [2], [3], [2], [3]],
  ["abc,bc,c->a", [2, 3, 4], [3, 4], [4]],
  ["a,a,a->a", [3], [3], [3]],
  ["ab,bc,ca->", [2, 3], [3, 4], [4, 2]],
  ["...ij,...jk->...ik", [2, 3, 4], [2, 4, 5]],
  ["...ij,jk->...ik", [2, 2, 3, 4], [4, 5]],
  ["...ij,...jk", [2, 1, 3, 4], [3, 4, 2]],
  ["...i->...", [2, 3, 4]],
  ["...ij->ij", [2, 3, 4]],
  ["i...->...i", [2, 3, 4]],
  ["ij,jk->ik", [3, 1], [4, 5]],
  ["ij,jk->ik", [3, 0], [0, 5]],
  ["ij,jk->ik", [0, 3], [3, 5]],
  [",i->i", [], [3]],
  ["->", []],
  ["ij,jk->ik", [17, 33], [33, 9]],
  ["Ab,bA->A", [3, 4], [4, 3]],
];

const einsumRecord: OpRecord<{ equation: string }> = {
  name: "einsum",
  samples: (draw) => [
    ...EQUATIONS.map(([equation, ...shapes]) => sample({ equation }, ...shapes.map((s) => draw.normal(s)))),
    sample({ equation: "ij,jk->ik" }, draw.integers([3, 4], -9, 9), draw.integers([4, 2], -9, 9)),
  ],
  run: (xs, { equation }) => einsum(equation, ...xs),
  reference: (xs, { equation }) => einsumReference(equation, xs),
  differentiable: true,
  compare: "sums",
  errors: [
    refuses("none", () => einsum("->"), /^einsum: needs at least one operand$/, OptionError),
    refuses("count", () => einsum("i,i->", z([2])), /^einsum: "i,i->" names 2 operands, 1 were given$/),
    refuses("rank", () => einsum("ij->i", z([2])), /^einsum: "ij" of "ij->i" names 2 axes, operand \[2\]$/),
    refuses(
      "size",
      () => einsum("ij,jk->ik", z([2, 3]), z([4, 2])),
      /^einsum: j of "ij,jk->ik" has sizes 3 and 4, \[2,3\] and \[4,2\]$/,
    ),
    refuses("output", () => einsum("ij->ik", z([2, 2])), /^einsum: k of the output is in no operand/),
    refuses("twice", () => einsum("ij->ii", z([2, 2])), /^einsum: i appears twice in the output/),
    refuses("letter", () => einsum("i1->i", z([2, 2])), /must be letters and at most one "..."$/),
    refuses("arrows", () => einsum("i->i->i", z([2])), /^einsum: more than one arrow/),
    refuses(
      "dtype",
      () => einsum("ij,jk->ik", z([2, 2]), z([2, 2], "i32")),
      /^matmul: needs two f32 or two i32/,
      DTypeError,
    ),
  ],
};

function product(
  name: string,
  f: (a: Tensor, b: Tensor) => Tensor,
  equation: string,
  shapes: readonly (readonly [Shape, Shape])[],
  errors: readonly ErrorCase[],
): OpRecord<undefined> {
  return {
    name,
    samples: (draw) => [
      ...shapes.map(([a, b]) => sample(undefined, draw.normal(a), draw.normal(b))),
      sample(undefined, draw.integers(shapes[0][0], -9, 9), draw.integers(shapes[0][1], -9, 9)),
    ],
    run: ([a, b]) => f(a, b),
    reference: (xs) => einsumReference(equation, xs),
    differentiable: true,
    compare: "sums",
    errors,
  };
}

const products = [
  product(
    "bmm",
    bmm,
    "bij,bjk->bik",
    // biome-ignore format: a pair of shapes a line
    [
      [[2, 3, 4], [2, 4, 5]],
      [[1, 1, 1], [1, 1, 1]],
      [[0, 3, 4], [0, 4, 5]],
      [[3, 2, 0], [3, 0, 2]],
      [[5, 17, 9], [5, 9, 7]],
    ],
    [
      refuses("rank", () => bmm(z([2, 3]), z([3, 2])), /^bmm: needs ranks 3 and 3, a \[2,3\], b \[3,2\]$/),
      refuses("batch", () => bmm(z([1, 2, 3]), z([2, 3, 2])), /^bmm: batches must agree, a \[1,2,3\]/),
    ],
  ),
  product(
    "mv",
    mv,
    "ij,j->i",
    // biome-ignore format: a pair of shapes a line
    [
      [[3, 4], [4]],
      [[0, 4], [4]],
      [[67, 33], [33]],
    ],
    [refuses("rank", () => mv(z([3]), z([3])), /^mv: needs ranks 2 and 1, a \[3\], b \[3\]$/)],
  ),
  product(
    "dot",
    dot,
    "i,i->",
    // biome-ignore format: a pair of shapes a line
    [[[5], [5]], [[0], [0]], [[1], [1]], [[300], [300]]],
    [
      refuses("rank", () => dot(z([3, 1]), z([3])), /^dot: needs ranks 1 and 1, a \[3,1\], b \[3\]$/),
      refuses(
        "size",
        () => dot(z([3]), z([4])),
        /^matmul: the last axis of a must match b, a \[3\], b \[4\]$/,
      ),
    ],
  ),
  product(
    "outer",
    outer,
    "i,j->ij",
    // biome-ignore format: a pair of shapes a line
    [[[5], [4]], [[0], [3]], [[1], [1]], [[67], [33]]],
    [refuses("rank", () => outer(z([3, 1]), z([3])), /^outer: needs ranks 1 and 1/)],
  ),
];

function added(
  name: string,
  f: (x: Tensor, a: Tensor, b: Tensor, o: AddProductOptions) => Tensor,
  equation: string,
  shapes: readonly (readonly [Shape, Shape, Shape])[],
  errors: readonly ErrorCase[],
): OpRecord<AddProductOptions> {
  return {
    name,
    samples: (draw) =>
      shapes.flatMap((s) =>
        [{}, { beta: 0.5, alpha: -2 }, { alpha: 3 }].map((o) => sample(o, ...s.map((v) => draw.normal(v)))),
      ),
    run: ([x, a, b], o) => f(x, a, b, o),
    reference: ([x, a, b], { beta = 1, alpha = 1 }) => {
      const p = einsumReference(equation, [a, b]);
      return zip((u, v) => beta * u + alpha * v, x, p);
    },
    differentiable: true,
    compare: "largest",
    errors,
  };
}

const sums = [
  added(
    "addmm",
    addmm,
    "ij,jk->ik",
    [
      [
        [3, 5],
        [3, 4],
        [4, 5],
      ],
      [[5], [3, 4], [4, 5]],
      [[], [3, 0], [0, 5]],
    ],
    [
      refuses("rank", () => addmm(z([2]), z([2]), z([2])), /^addmm: needs ranks 2 and 2, a \[2\], b \[2\]$/),
      refuses(
        "x",
        () => addmm(z([2, 2, 2]), z([2, 2]), z([2, 2])),
        /^addmm: x must broadcast to the product, x \[2,2,2\], product \[2,2\]$/,
      ),
    ],
  ),
  added(
    "baddbmm",
    baddbmm,
    "bij,bjk->bik",
    // biome-ignore format: a pair of shapes a line
    [
      [[2, 3, 5], [2, 3, 4], [2, 4, 5]],
      [[3, 1], [2, 3, 4], [2, 4, 5]],
    ],
    [refuses("rank", () => baddbmm(z([2]), z([2]), z([2])), /^baddbmm: needs ranks 3 and 3/)],
  ),
];

/** The NaN of an x that does not count stay out. */
const beta0: OpRecord<AddProductOptions> = {
  ...sums[0],
  samples: (draw) => [
    ...sums[0].samples(draw),
    sample(
      { beta: 0 },
      { ...map(draw.normal([2, 2]), () => Number.NaN), dtype: "f32", fixed: true },
      draw.normal([2, 3]),
      draw.normal([3, 2]),
    ),
  ],
  reference: ([x, a, b], o) =>
    o.beta === 0 ? einsumReference("ij,jk->ik", [a, b]) : (sums[0].reference([x, a, b], o) as Nd),
};

export const linalgRecords = [einsumRecord, ...products, beta0, sums[1]] as unknown as readonly OpRecord[];
