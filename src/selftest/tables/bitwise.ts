// Rows of the ops on bits, and of logicalXor.
import { DTypeError } from "../../gpu/errors.ts";
import * as bits from "../../kernels/bitwise.ts";
import { logicalXor } from "../../kernels/compare.ts";
import { map, zip } from "../nd.ts";
import { type HostTensor, type OpRecord, sample } from "../record.ts";
import { PAIRS, SHAPES, z } from "./samples.ts";
import { type BinaryRow, shapesError } from "./unary_rows.ts";

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

export const bitwiseRecords = [
  ...Object.entries(INTEGERS).map(([name, row]) => bitsRecord(name, row)),
  xorRecord,
  notRecord,
] as unknown as readonly OpRecord[];
