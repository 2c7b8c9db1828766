// A row of an elementwise op of one tensor whose values keep away from kinks.
import { ShapeError } from "../../gpu/errors.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { map } from "../nd.ts";
import { type ErrorCase, type HostTensor, type OpRecord, sample } from "../record.ts";
import { SHAPES, z } from "./samples.ts";

type Range = readonly [low: number, high: number];

export interface Row {
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

/** Rows by name. */
export const recordsOf = (rows: Readonly<Record<string, Row>>): OpRecord<object>[] =>
  Object.entries(rows).map(([name, row]) => record(name, row));
export const shapesError = (name: string, f: (a: Tensor, b: Tensor) => Tensor, dtype: DType): ErrorCase => ({
  name: "shapes",
  run: () => f(z([2, 3], dtype), z([2], dtype)),
  message: new RegExp(`^${name}: shapes do not broadcast, \\[2,3\\] and \\[2\\]$`),
  type: ShapeError,
});

export type BinaryRow = readonly [
  f: (a: Tensor, b: Tensor) => Tensor,
  ref: (a: number, b: number) => number,
  a: Range,
  b: Range,
];
