// Rows of the elementwise ops of two tensors, comparisons and where.
import { DTypeError, ShapeError, UsageError } from "../../gpu/errors.ts";
import { add, div, mul, sub } from "../../kernels/binary.ts";
import * as compare from "../../kernels/compare.ts";
import { maximum, minimum } from "../../kernels/extremes.ts";
import { fmod, pow, remainder } from "../../kernels/power.ts";
import { where } from "../../kernels/where.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { map, zip } from "../nd.ts";
import { type ErrorCase, type HostTensor, type OpRecord, type Sample, sample } from "../record.ts";
import { PAIRS, z } from "./samples.ts";

type Operand = Tensor | number;
type Values = (draw: Draw, shape: Shape) => HostTensor;
type Range = readonly [low: number, high: number];

interface Row {
  readonly f: (a: Operand, b: Operand) => Tensor;
  readonly ref: (a: number, b: number) => number;
  readonly a: Range | Values;
  readonly b: Range | Values;
  /** Defined for i32, with these values. */
  readonly integers?: readonly [a: Range, b: Range];
  /** Numbers to take the place of b, and of a. */
  readonly numbers?: readonly number[];
  readonly left?: number;
}

interface Options {
  /** Instead of b, or with `left` instead of a. */
  readonly number?: number;
  readonly left?: true;
}

const floorMod = (a: number, b: number) => {
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
};
/** a - b is at least 0.05 from a multiple of b in size [1.9, 2.1]. */
const residues: Values = (draw, shape) => {
  const parts = draw.uniform(shape, 0.4, 1.5);
  const whole = draw.integers(shape, -2, 1);
  return { ...parts, data: parts.data.map((v, i) => Math.fround(v + 2 * whole.data[i])) };
};

const odd: Values = (draw, shape) => halves(draw, shape, 0.25);
const even: Values = (draw, shape) => halves(draw, shape, 0);
/** Multiples of 1/2 plus a shift: never within 0.25 of those with another shift. */
function halves(draw: Draw, shape: Shape, shift: number): HostTensor {
  const whole = draw.integers(shape, -4, 4);
  return { ...whole, dtype: "f32", data: whole.data.map((v) => v / 2 + shift) };
}

const SMALL: Range = [-9, 9];
const ROWS: Record<string, Row> = {
  add: { f: add, ref: (a, b) => a + b, a: [-2, 2], b: [-2, 2], integers: [SMALL, SMALL], numbers: [2.5] },
  sub: { f: sub, ref: (a, b) => a - b, a: [-2, 2], b: [-2, 2], integers: [SMALL, SMALL], numbers: [2.5] },
  mul: { f: mul, ref: (a, b) => a * b, a: [-2, 2], b: [-2, 2], integers: [SMALL, SMALL], numbers: [2.5] },
  div: { f: div, ref: (a, b) => a / b, a: [-2, 2], b: [0.5, 2], integers: [SMALL, [1, 9]], numbers: [1.5] },
  pow: {
    f: pow,
    ref: (a, b) => a ** b,
    a: [0.4, 2],
    b: [-2, 2],
    integers: [SMALL, [0, 4]],
    numbers: [3, 2, 0.5, -1, -1.5],
  },
  maximum: { f: maximum, ref: Math.max, a: odd, b: even, integers: [SMALL, SMALL], numbers: [0.1] },
  minimum: { f: minimum, ref: Math.min, a: odd, b: even, integers: [SMALL, SMALL], numbers: [0.1] },
  fmod: {
    f: fmod,
    ref: (a, b) => a % b,
    a: residues,
    b: [1.97, 2.03],
    integers: [SMALL, [1, 5]],
    numbers: [2],
    left: 3,
  },
  remainder: {
    f: remainder,
    ref: floorMod,
    a: residues,
    b: [1.97, 2.03],
    integers: [SMALL, [1, 5]],
    numbers: [2],
    left: 3,
  },
};

const values = (draw: Draw, shape: Shape, v: Range | Values): HostTensor =>
  typeof v === "function" ? v(draw, shape) : draw.uniform(shape, ...v);

function samplesOf(draw: Draw, row: Row): Sample<Options>[] {
  const pairs = PAIRS.flatMap(([sa, sb], i) => {
    const both = (x: Shape, y: Shape) => sample<Options>({}, values(draw, x, row.a), values(draw, y, row.b));
    return i % 2 ? [both(sa, sb)] : [both(sb, sa)];
  });
  const numbers = (row.numbers ?? []).flatMap((number) => [
    sample<Options>({ number }, values(draw, [3, 5], row.a)),
    sample<Options>({ number: row.left ?? number, left: true }, values(draw, [7], row.b)),
  ]);
  if (!row.integers) return [...pairs, ...numbers];
  const [a, b] = row.integers;
  return [...pairs, ...numbers, sample({}, draw.integers([3, 5], ...a), draw.integers([5], ...b))];
}

const given = (x: Tensor, { number, left }: Options): [Operand, Operand] =>
  left ? [number!, x] : [x, number!];

function shared(name: string, f: Row["f"]): ErrorCase[] {
  return [
    {
      name: "shapes",
      run: () => f(z([2, 3]), z([2])),
      message: new RegExp(`^${name}: shapes do not broadcast, \\[2,3\\] and \\[2\\]$`),
      type: ShapeError,
    },
    { name: "dtypes", run: () => f(z([2], "u32"), z([2])), message: /u32 mixes only with/, type: DTypeError },
    {
      name: "two numbers",
      run: () => f(1, 2),
      message: /at least one operand must be a tensor/,
      type: UsageError,
    },
  ];
}

function record(name: string, row: Row): OpRecord<Options> {
  return {
    name,
    samples: (draw) => samplesOf(draw, row),
    run: ([a, b], o) => (b ? row.f(a, b) : row.f(...given(a, o))),
    reference: ([a, b], { number, left }) =>
      b ? zip(row.ref, a, b) : map(a, (v) => (left ? row.ref(number!, v) : row.ref(v, number!))),
    differentiable: true,
    errors: shared(name, row.f),
  };
}

const COMPARISONS: Record<string, [Row["f"], Row["ref"]]> = {
  eq: [compare.eq, (a, b) => Number(a === b)],
  ne: [compare.ne, (a, b) => Number(a !== b)],
  lt: [compare.lt, (a, b) => Number(a < b)],
  le: [compare.le, (a, b) => Number(a <= b)],
  gt: [compare.gt, (a, b) => Number(a > b)],
  ge: [compare.ge, (a, b) => Number(a >= b)],
  logicalAnd: [compare.logicalAnd, (a, b) => Number(a !== 0 && b !== 0)],
  logicalOr: [compare.logicalOr, (a, b) => Number(a !== 0 || b !== 0)],
};

function comparison(name: string, [f, ref]: [Row["f"], Row["ref"]]): OpRecord<undefined> {
  return {
    name,
    samples: (draw) =>
      PAIRS.map(([sa, sb], i) => {
        const dtype = i % 3 ? "f32" : "i32";
        return sample(undefined, draw.integers(sa, -1, 2, dtype), draw.integers(sb, -1, 2));
      }),
    run: ([a, b]) => f(a, b),
    reference: ([a, b]) => zip(ref, a, b),
    differentiable: false,
    errors: shared(name, f),
  };
}

const whereRecord: OpRecord<Options> = {
  name: "where",
  samples: (draw) => [
    ...PAIRS.map(([sa, sb]) => sample<Options>({}, draw.bool(sa), draw.uniform(sb), draw.uniform(sa))),
    ...PAIRS.slice(4, 8).map(([sa, sb]) =>
      sample<Options>({}, draw.bool(sb), draw.uniform(sa), draw.uniform(sb)),
    ),
    sample({ number: 7 }, draw.bool([3, 5]), draw.uniform([5])),
    sample({ number: 7, left: true }, draw.bool([3, 5]), draw.uniform([5])),
    sample({}, draw.bool([3, 5]), draw.integers([5], -9, 9), draw.integers([3, 1], -9, 9)),
  ],
  run: ([c, a, b], o) => (b ? where(c, a, b) : where(c, ...given(a, o))),
  reference: ([c, a, b], { number, left }) => {
    if (b) return zip((c, a, b) => (c ? a : b), c, a, b);
    return zip((c, v) => (Boolean(c) === Boolean(left) ? number! : v), c, a);
  },
  differentiable: true,
  errors: [
    {
      name: "condition",
      run: () => where(z([2]), 1, 2),
      message: /^where: the condition must be bool, cond f32\[2\]$/,
      type: DTypeError,
    },
    {
      name: "shapes",
      run: () => where(z([2], "bool"), z([3]), 2),
      message: /^where: shapes do not broadcast/,
      type: ShapeError,
    },
  ],
};

export const binaryRecords: readonly OpRecord[] = [
  ...Object.entries(ROWS).map(([name, row]) => record(name, row)),
  ...Object.entries(COMPARISONS).map(([name, row]) => comparison(name, row)),
  whereRecord,
] as readonly OpRecord[];
