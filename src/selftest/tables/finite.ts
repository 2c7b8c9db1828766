// Rows of what concerns NaN and infinity.
import * as finite from "../../kernels/finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { map } from "../nd.ts";
import { fixed, type OpRecord, sample } from "../record.ts";
import { type Row, recordsOf } from "./unary_rows.ts";

const ROWS: Record<string, Row> = {
  nanToNum: {
    f: finite.nanToNum,
    ref: (x) => x,
    range: [-3, 3],
    options: [{}, { nan: 1, posinf: 2, neginf: 3 }],
  },
};

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

export const finiteRecords = [
  ...recordsOf(ROWS),
  ...Object.entries(TESTS).map(([name, row]) => testRecord(name, row)),
] as unknown as readonly OpRecord[];
