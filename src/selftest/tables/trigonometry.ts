// Rows of trigonometric and hyperbolic functions and of a few more of one number.
import { DTypeError } from "../../gpu/errors.ts";
import * as trigonometry from "../../kernels/trigonometry.ts";
import * as unary from "../../kernels/unary.ts";
import { zip } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { erf } from "../reference/elementwise_reference.ts";
import { PAIRS, z } from "./samples.ts";
import { type BinaryRow, type Row, recordsOf, shapesError } from "./unary_rows.ts";

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
        message: /^frac: needs f32 or f16, x i32\[2\]$/,
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
};

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

export const trigonometryRecords = [
  ...recordsOf(ROWS),
  ...Object.entries(PLANE).map(([name, row]) => planeRecord(name, row)),
] as unknown as readonly OpRecord[];
