// Rows of the elementwise ops of one tensor, activations included.
import { DTypeError, OptionError } from "../../gpu/errors.ts";
import * as activation from "../../kernels/activation.ts";
import { cast } from "../../kernels/cast.ts";
import { logicalNot } from "../../kernels/compare.ts";
import { clamp } from "../../kernels/extremes.ts";
import * as unary from "../../kernels/unary.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { map } from "../nd.ts";
import { type ErrorCase, fixed, type HostTensor, type OpRecord, sample, type Tolerance } from "../record.ts";
import { erf, roundEven } from "../reference/elementwise_reference.ts";
import { SHAPES, z } from "./samples.ts";

type Values = (draw: Draw, shape: Shape) => HostTensor;

interface Row {
  readonly f: (x: Tensor, options: never) => Tensor;
  readonly ref: (x: number, options: never) => number;
  readonly values: Values;
  readonly options?: readonly object[];
  /** Defined for i32 and keeps it. */
  readonly integers?: true;
  readonly errors?: readonly ErrorCase[];
  readonly tolerance?: Tolerance;
}

const between =
  (low: number, high: number): Values =>
  (draw, shape) =>
    draw.uniform(shape, low, high);
/** Away from a kink at 0. */
const around =
  (high: number): Values =>
  (draw, shape) =>
    draw.signed(shape, 0.05, high);
/** Whole numbers plus a part between low and high: away from the jumps of roundings. */
const steps =
  (low: number, high: number): Values =>
  (draw, shape) => {
    const parts = draw.uniform(shape, low, high);
    const whole = draw.integers(shape, -4, 4);
    return { ...parts, data: parts.data.map((v, i) => Math.fround(v + whole.data[i])) };
  };
const refuses = (name: string, f: (x: Tensor) => Tensor, dtype: DType, message: RegExp): ErrorCase => ({
  name: `${name} of ${dtype}`,
  run: () => f(z([2], dtype)),
  message,
  type: DTypeError,
});
const noBool = (name: string, f: (x: Tensor) => Tensor) => [
  refuses(name, f, "bool", new RegExp(`^${name}: needs .*, x bool\\[2\\]$`)),
];

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const geluTanh = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

const ROWS: Record<string, Row> = {
  neg: {
    f: unary.neg,
    ref: (x) => -x,
    values: between(-3, 3),
    integers: true,
    errors: [refuses("neg", unary.neg, "u32", /^neg: needs f32, f16 or i32, x u32\[2\]$/)],
  },
  abs: { f: unary.abs, ref: Math.abs, values: around(3), integers: true, errors: noBool("abs", unary.abs) },
  sign: {
    f: unary.sign,
    ref: Math.sign,
    values: around(3),
    integers: true,
    errors: noBool("sign", unary.sign),
  },
  square: {
    f: unary.square,
    ref: (x) => x * x,
    values: between(-3, 3),
    integers: true,
    errors: noBool("square", unary.square),
  },
  exp: { f: unary.exp, ref: Math.exp, values: between(-3, 3) },
  expm1: { f: unary.expm1, ref: Math.expm1, values: between(-2, 2) },
  log: { f: unary.log, ref: Math.log, values: between(0.2, 5) },
  log1p: { f: unary.log1p, ref: Math.log1p, values: between(-0.5, 5) },
  sqrt: { f: unary.sqrt, ref: Math.sqrt, values: between(0.2, 5) },
  rsqrt: { f: unary.rsqrt, ref: (x) => 1 / Math.sqrt(x), values: between(0.2, 5) },
  reciprocal: { f: unary.reciprocal, ref: (x) => 1 / x, values: (d, s) => d.signed(s, 0.3, 5) },
  sin: { f: unary.sin, ref: Math.sin, values: between(-9, 9) },
  cos: { f: unary.cos, ref: Math.cos, values: between(-9, 9) },
  tanh: { f: unary.tanh, ref: Math.tanh, values: between(-3, 3) },
  erf: { f: unary.erf, ref: erf, values: between(-2.5, 2.5) },
  floor: { f: unary.floor, ref: Math.floor, values: steps(0.1, 0.9), errors: noBool("floor", unary.floor) },
  ceil: { f: unary.ceil, ref: Math.ceil, values: steps(0.1, 0.9), errors: noBool("ceil", unary.ceil) },
  round: { f: unary.round, ref: roundEven, values: steps(-0.4, 0.4), errors: noBool("round", unary.round) },
  trunc: { f: unary.trunc, ref: Math.trunc, values: steps(0.1, 0.9), errors: noBool("trunc", unary.trunc) },
  relu: {
    f: activation.relu,
    ref: (x) => Math.max(x, 0),
    values: around(3),
    integers: true,
    errors: noBool("relu", activation.relu),
  },
  sigmoid: { f: activation.sigmoid, ref: sigmoid, values: between(-5, 5) },
  silu: { f: activation.silu, ref: (x) => x * sigmoid(x), values: between(-5, 5) },
  gelu: {
    f: activation.gelu,
    ref: (x: number, { approximate }: activation.GeluOptions) =>
      approximate === "tanh" ? geluTanh(x) : 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
    values: between(-4, 4),
    options: [{}, { approximate: "tanh" }],
    errors: [
      {
        name: "approximate",
        run: () => activation.gelu(z([2]), { approximate: "erf" as "tanh" }),
        message: /^gelu: approximate must be "none" or "tanh", got erf$/,
        type: OptionError,
      },
    ],
  },
  leakyRelu: {
    f: activation.leakyRelu,
    ref: (x: number, { negativeSlope = 0.01 }) => (x > 0 ? x : negativeSlope * x),
    values: around(3),
    options: [{}, { negativeSlope: 0.25 }],
  },
  elu: {
    f: activation.elu,
    ref: (x: number, { alpha = 1 }) => (x > 0 ? x : alpha * Math.expm1(x)),
    values: around(3),
    options: [{}, { alpha: 0.7 }],
  },
  softplus: {
    f: activation.softplus,
    ref: (x: number, { beta = 1 }) => Math.log1p(Math.exp(beta * x)) / beta,
    values: between(-5, 5),
    options: [{}, { beta: 2.5 }],
  },
  clamp: {
    f: clamp,
    ref: (x: number, { min = -Infinity, max = Infinity }) => Math.min(Math.max(x, min), max),
    values: steps(0.1, 0.9),
    options: [{ min: -1, max: 2 }, { min: 0 }, { max: 1 }],
    errors: [
      {
        name: "no bound",
        run: () => clamp(z([2]), {}),
        message: /^clamp: needs min or max$/,
        type: OptionError,
      },
      ...noBool("clamp", (x) => clamp(x, { min: 0 })),
    ],
  },
};

function record(name: string, row: Row): OpRecord<object> {
  const { options = [{}], errors = [], tolerance } = row;
  return {
    name,
    samples: (draw) => [
      ...SHAPES.map((shape, i) => sample(options[i % options.length], row.values(draw, shape))),
      ...(row.integers ? [sample({}, draw.integers([3, 5], -9, 9))] : []),
    ],
    run: ([x], options) => row.f(x, options as never),
    reference: ([x], options) => map(x, (v) => row.ref(v, options as never)),
    differentiable: true,
    tolerance,
    errors,
  };
}

interface CastOptions {
  readonly to: DType;
}

const castRecord: OpRecord<CastOptions> = {
  name: "cast",
  samples: (draw) => [
    sample({ to: "i32" }, fixed(steps(0.1, 0.9)(draw, [7, 5]))),
    sample({ to: "u32" }, fixed(draw.uniform([13], 1, 9))),
    sample({ to: "bool" }, draw.integers([3, 5], -1, 2)),
    sample({ to: "f32" }, draw.integers([67], -99, 99)),
    sample({ to: "f32" }, draw.bool([5])),
    sample({ to: "i32" }, draw.integers([3, 0], 0, 1, "u32")),
    sample({ to: "i32" }, draw.integers([], 0, 9, "u32")),
  ],
  run: ([x], { to }) => cast(x, to),
  reference: ([x], { to }) =>
    map(x, (v) => (to === "bool" ? Number(v !== 0) : to === "f32" ? v : Math.trunc(v))),
  differentiable: false,
  errors: [],
};

const logicalNotRecord: OpRecord<undefined> = {
  name: "logicalNot",
  samples: (draw) => [
    sample(undefined, draw.bool([7])),
    sample(undefined, draw.integers([3, 5], -1, 2)),
    sample(undefined, draw.integers([3, 5], 0, 2, "f32")),
    sample(undefined, draw.bool([0, 3])),
  ],
  run: ([x]) => logicalNot(x),
  reference: ([x]) => map(x, (v) => Number(v === 0)),
  differentiable: false,
  errors: [],
};

export const unaryRecords: readonly OpRecord[] = [
  ...Object.entries(ROWS).map(([name, row]) => record(name, row)),
  castRecord,
  logicalNotRecord,
] as readonly OpRecord[];
