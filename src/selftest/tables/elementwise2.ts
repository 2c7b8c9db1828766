// Rows of the less common elementwise ops: trigonometry, hard and smooth activations, bits, blends.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import * as hard from "../../kernels/activation_hard.ts";
import * as smooth from "../../kernels/activation_smooth.ts";
import * as bits from "../../kernels/bitwise.ts";
import { type AddcOptions, addcdiv, addcmul, lerp } from "../../kernels/blend.ts";
import { logicalXor } from "../../kernels/compare.ts";
import * as finite from "../../kernels/finite.ts";
import * as trigonometry from "../../kernels/trigonometry.ts";
import * as unary from "../../kernels/unary.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { build, map, type Nd, zip } from "../nd.ts";
import { type ErrorCase, fixed, type HostTensor, type OpRecord, sample } from "../record.ts";
import { erf } from "../reference/elementwise_reference.ts";
import { PAIRS, SHAPES, z } from "./samples.ts";

type Range = readonly [low: number, high: number];

interface Row {
  readonly f: (x: Tensor, options: never) => Tensor;
  readonly ref: (x: number, options: never) => number;
  readonly range: Range;
  /** Points that no value comes near. */
  readonly kinks?: readonly number[];
  readonly options?: readonly object[];
  readonly errors?: readonly ErrorCase[];
}

const KEEP_OFF = 0.05;

/** Of `range`, moved away from the kinks. */
function smoothValues(draw: Draw, shape: Shape, { range, kinks = [] }: Row): HostTensor {
  const x = draw.uniform(shape, ...range);
  const away = (v: number) => {
    const near = kinks.find((k) => Math.abs(v - k) < KEEP_OFF);
    return near === undefined ? v : Math.fround(near + (v < near ? -KEEP_OFF : KEEP_OFF));
  };
  return { ...x, data: x.data.map(away) };
}

const between = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);

const ROWS: Record<string, Row> = {
  exp2: { f: unary.exp2, ref: (x) => 2 ** x, range: [-4, 4] },
  log2: { f: unary.log2, ref: Math.log2, range: [0.2, 5] },
  erfc: { f: unary.erfc, ref: (x) => 1 - erf(x), range: [-2.5, 2.5] },
  frac: {
    f: unary.frac,
    ref: (x) => x - Math.trunc(x),
    range: [-2.9, 2.9],
    kinks: [-2, -1, 0, 1, 2],
    errors: [
      {
        name: "dtype",
        run: () => unary.frac(z([2], "i32")),
        message: /^frac: needs f32, x i32\[2\]$/,
        type: DTypeError,
      },
    ],
  },
  tan: { f: trigonometry.tan, ref: Math.tan, range: [-1.2, 1.2] },
  asin: { f: trigonometry.asin, ref: Math.asin, range: [-0.9, 0.9] },
  acos: { f: trigonometry.acos, ref: Math.acos, range: [-0.9, 0.9] },
  atan: { f: trigonometry.atan, ref: Math.atan, range: [-5, 5] },
  sinh: { f: trigonometry.sinh, ref: Math.sinh, range: [-3, 3] },
  cosh: { f: trigonometry.cosh, ref: Math.cosh, range: [-3, 3] },
  asinh: { f: trigonometry.asinh, ref: Math.asinh, range: [-5, 5] },
  acosh: { f: trigonometry.acosh, ref: Math.acosh, range: [1.3, 6] },
  atanh: { f: trigonometry.atanh, ref: Math.atanh, range: [-0.8, 0.8] },
  logSigmoid: { f: smooth.logSigmoid, ref: (x) => -Math.log1p(Math.exp(-x)), range: [-6, 6] },
  mish: { f: smooth.mish, ref: (x) => x * Math.tanh(Math.log1p(Math.exp(x))), range: [-5, 5] },
  softsign: { f: smooth.softsign, ref: (x) => x / (1 + Math.abs(x)), range: [-4, 4], kinks: [0] },
  relu6: { f: hard.relu6, ref: (x) => between(x, 0, 6), range: [-2, 8], kinks: [0, 6] },
  hardtanh: {
    f: hard.hardtanh,
    ref: (x: number, { min = -1, max = 1 }: hard.HardtanhOptions) => between(x, min, max),
    range: [-3, 3],
    kinks: [-2, -1, 0.5, 1],
    options: [{}, { min: -2, max: 0.5 }],
    errors: [
      {
        name: "bounds",
        run: () => hard.hardtanh(z([2]), { min: 1, max: 1 }),
        message: /^hardtanh: min must lie below max, got 1 and 1$/,
        type: OptionError,
      },
    ],
  },
  hardsigmoid: {
    f: hard.hardsigmoid,
    ref: (x) => between(x + 3, 0, 6) / 6,
    range: [-5, 5],
    kinks: [-3, 3],
  },
  hardswish: {
    f: hard.hardswish,
    ref: (x) => (x * between(x + 3, 0, 6)) / 6,
    range: [-5, 5],
    kinks: [-3, 3],
  },
  selu: {
    f: hard.selu,
    ref: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
    range: [-4, 4],
    kinks: [0],
  },
  celu: {
    f: hard.celu,
    ref: (x: number, { alpha = 1 }) => (x > 0 ? x : alpha * Math.expm1(x / alpha)),
    range: [-4, 4],
    kinks: [0],
    options: [{}, { alpha: 1.7 }],
    errors: [
      {
        name: "alpha",
        run: () => hard.celu(z([2]), { alpha: 0 }),
        message: /^celu: alpha must not be 0$/,
        type: OptionError,
      },
    ],
  },
  nanToNum: {
    f: finite.nanToNum,
    ref: (x) => x,
    range: [-3, 3],
    options: [{}, { nan: 1, posinf: 2, neginf: 3 }],
  },
};

function record(name: string, row: Row): OpRecord<object> {
  const { options = [{}], errors = [] } = row;
  return {
    name,
    samples: (draw) =>
      SHAPES.map((shape, i) => sample(options[i % options.length], smoothValues(draw, shape, row))),
    run: ([x], o) => row.f(x, o as never),
    reference: ([x], o) => map(x, (v) => row.ref(v, o as never)),
    differentiable: true,
    errors,
  };
}

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1.5, 3e38, 1e-40];
const TESTS: Record<string, [(x: Tensor) => Tensor, (x: number) => boolean]> = {
  isnan: [finite.isnan, Number.isNaN],
  isinf: [finite.isinf, (x) => Math.abs(x) === Number.POSITIVE_INFINITY],
  isfinite: [finite.isfinite, Number.isFinite],
};

function testRecord(name: string, [f, ref]: (typeof TESTS)[string]): OpRecord<undefined> {
  return {
    name,
    samples: (draw) => [
      sample(undefined, fixed({ shape: [7], data: Float64Array.from(SPECIAL), dtype: "f32" })),
      sample(undefined, draw.integers([3, 5], -3, 3)),
      sample(undefined, fixed(draw.normal([2, 0]))),
    ],
    run: ([x]) => f(x),
    reference: ([x]) => map(x, (v) => Number(ref(v))),
    differentiable: false,
    errors: [],
  };
}

const shapesError = (name: string, f: (a: Tensor, b: Tensor) => Tensor, dtype: DType): ErrorCase => ({
  name: "shapes",
  run: () => f(z([2, 3], dtype), z([2], dtype)),
  message: new RegExp(`^${name}: shapes do not broadcast, \\[2,3\\] and \\[2\\]$`),
  type: ShapeError,
});

type BinaryRow = readonly [
  f: (a: Tensor, b: Tensor) => Tensor,
  ref: (a: number, b: number) => number,
  a: Range,
  b: Range,
];

const PLANE: Record<string, BinaryRow> = {
  atan2: [trigonometry.atan2, Math.atan2, [-3, 3], [0.3, 3]],
  hypot: [trigonometry.hypot, Math.hypot, [-3, 3], [0.3, 3]],
};

function planeRecord(name: string, [f, ref, a, b]: BinaryRow): OpRecord<undefined> {
  return {
    name,
    samples: (draw) =>
      PAIRS.map(([sa, sb]) => sample(undefined, draw.uniform(sa, ...a), draw.uniform(sb, ...b))),
    run: ([a, b]) => f(a, b),
    reference: ([a, b]) => zip(ref, a, b),
    differentiable: true,
    errors: [
      shapesError(name, f, "f32"),
      {
        name: "dtypes",
        run: () => f(z([2], "u32"), z([2])),
        message: new RegExp(`^${name}: u32 mixes only with`),
        type: DTypeError,
      },
    ],
  };
}

const INTEGERS: Record<string, BinaryRow> = {
  bitwiseAnd: [bits.bitwiseAnd, (a, b) => a & b, [-99, 99], [-99, 99]],
  bitwiseOr: [bits.bitwiseOr, (a, b) => a | b, [-99, 99], [-99, 99]],
  bitwiseXor: [bits.bitwiseXor, (a, b) => a ^ b, [-99, 99], [-99, 99]],
  bitwiseLeftShift: [bits.bitwiseLeftShift, (a, b) => (b > 31 ? 0 : a << b), [-99, 99], [0, 34]],
  bitwiseRightShift: [bits.bitwiseRightShift, (a, b) => a >> Math.min(b, 31), [-99, 99], [0, 34]],
};

function bitsRecord(name: string, [f, ref, a, b]: BinaryRow): OpRecord<undefined> {
  const shift = name.endsWith("Shift");
  return {
    name,
    samples: (draw) => [
      ...PAIRS.map(([sa, sb]) => sample(undefined, draw.integers(sa, ...a), draw.integers(sb, ...b))),
      sample(undefined, draw.integers([3, 5], 0, 99, "u32"), draw.integers([5], 0, 9, "u32")),
      ...(shift ? [] : [sample(undefined, draw.bool([3, 5]), draw.bool([5]))]),
    ],
    run: ([a, b]) => f(a, b),
    reference: ([a, b]) => zip(ref, a, b),
    differentiable: false,
    errors: [
      shapesError(name, f, "i32"),
      {
        name: "dtype",
        run: () => f(z([2]), z([2], "i32")),
        message: new RegExp(`^${name}: needs integers( or bool)?, a f32\\[2\\], b i32\\[2\\]$`),
        type: DTypeError,
      },
    ],
  };
}

const xorRecord: OpRecord<undefined> = {
  name: "logicalXor",
  samples: (draw) =>
    PAIRS.map(([sa, sb], i) =>
      sample(undefined, draw.integers(sa, -1, 2, i % 3 ? "f32" : "i32"), draw.integers(sb, -1, 2)),
    ),
  run: ([a, b]) => logicalXor(a, b),
  reference: ([a, b]) => zip((a, b) => Number((a !== 0) !== (b !== 0)), a, b),
  differentiable: false,
  errors: [shapesError("logicalXor", logicalXor, "f32")],
};

const notRecord: OpRecord<undefined> = {
  name: "bitwiseNot",
  samples: (draw) => [
    ...SHAPES.map((shape) => sample(undefined, draw.integers(shape, -99, 99))),
    sample(undefined, draw.bool([3, 5])),
  ],
  run: ([x]) => bits.bitwiseNot(x),
  reference: ([x]) => map(x, (v) => ((x as HostTensor).dtype === "bool" ? 1 - v : ~v)),
  differentiable: false,
  errors: [
    {
      name: "dtype",
      run: () => bits.bitwiseNot(z([2])),
      message: /^bitwiseNot: needs integers or bool, x f32\[2\]$/,
      type: DTypeError,
    },
  ],
};

const PRELU_SHAPES: readonly (readonly [Shape, Shape])[] = [
  [[3, 5], [5]],
  [[2, 3, 4, 5], [3]],
  [[2, 3, 4], [1]],
  [[7], [1]],
  [[], []],
  [[0, 3, 2], [3]],
  [[131, 9], [9]],
];

const preluRecord: OpRecord<undefined> = {
  name: "prelu",
  samples: (draw) =>
    PRELU_SHAPES.map(([x, w]) => sample(undefined, draw.signed(x, 0.05, 3), draw.uniform(w, -0.5, 0.5))),
  run: ([x, w]) => hard.prelu(x, w),
  reference: ([x, w]) =>
    build(x.shape, (i, flat) => {
      const v = x.data[flat];
      return v > 0 ? v : v * w.data[w.data.length === 1 ? 0 : i[1]];
    }),
  differentiable: true,
  errors: [
    {
      name: "weight",
      run: () => hard.prelu(z([2, 3]), z([2])),
      message: /^prelu: weight must have one value or one a channel, x \[2,3\], weight \[2\]$/,
      type: ShapeError,
    },
  ],
};

const lerpRecord: OpRecord<{ readonly weight?: number }> = {
  name: "lerp",
  samples: (draw) => [
    ...PAIRS.map(([sa, sb], i) =>
      sample({ weight: [0.3, 0.8, -0.5, 1][i % 4] }, draw.uniform(sa), draw.uniform(sb)),
    ),
    sample({}, draw.uniform([3, 5]), draw.uniform([5]), draw.uniform([3, 1])),
  ],
  run: ([a, b, w], { weight }) => lerp(a, b, w ?? weight),
  reference: ([a, b, w], { weight }) =>
    w ? zip((a, b, w) => a + w * (b - a), a, b, w) : zip((a, b) => a + weight! * (b - a), a, b),
  differentiable: true,
  errors: [shapesError("lerp", (a, b) => lerp(a, b, 0.5), "f32")],
};

type Addc = (x: Tensor, a: Tensor, b: Tensor, o?: AddcOptions) => Tensor;

function addcRecord(name: string, f: Addc, ref: (a: number, b: number) => number): OpRecord<AddcOptions> {
  return {
    name,
    samples: (draw) =>
      PAIRS.map(([sa, sb], i) =>
        sample(i % 2 ? { value: -0.7 } : {}, draw.uniform(sa), draw.uniform(sb), draw.uniform(sa, 0.5, 2)),
      ),
    run: ([x, a, b], o) => f(x, a, b, o),
    reference: ([x, a, b]: readonly Nd[], { value = 1 }) => zip((x, a, b) => x + value * ref(a, b), x, a, b),
    differentiable: true,
    errors: [
      shapesError(name, (a, b) => f(a, b, b), "f32"),
      {
        name: "value",
        run: () => f(z([2]), z([2]), z([2]), { value: Number.NaN }),
        message: new RegExp(`^${name}: value must be a number, got NaN$`),
        type: OptionError,
      },
    ],
  };
}

export const elementwise2Records: readonly OpRecord[] = [
  ...Object.entries(ROWS).map(([name, row]) => record(name, row)),
  ...Object.entries(TESTS).map(([name, row]) => testRecord(name, row)),
  ...Object.entries(PLANE).map(([name, row]) => planeRecord(name, row)),
  ...Object.entries(INTEGERS).map(([name, row]) => bitsRecord(name, row)),
  xorRecord,
  notRecord,
  preluRecord,
  lerpRecord,
  addcRecord("addcmul", addcmul, (a, b) => a * b),
  addcRecord("addcdiv", addcdiv, (a, b) => a / b),
] as readonly OpRecord[];
