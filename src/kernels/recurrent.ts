// Arguments of lstm, gru and rnn: what they have in common, and its checks.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { tensor } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add } from "./binary.ts";
import type { Sequence } from "./recurrent_run.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";

/** One layer in one direction, as PyTorch stores it; `gates` blocks one above the other. */
export interface RecurrentWeights {
  readonly weightIh: Tensor; // [gates * h, in]
  readonly weightHh: Tensor; // [gates * h, h]
  readonly biasIh?: Tensor | null; // [gates * h]
  readonly biasHh?: Tensor | null; // [gates * h]
}

/** Steps of each sequence, in any order: numbers, or i32 [b], whose values are clamped to 1..t. */
export type Lengths = readonly number[] | Tensor;

export interface RecurrentOptions {
  /** Initial state [b, h]. Default: zeros. */
  readonly h0?: Tensor | null;
  /** Run from the last step (with lengths: of each sequence) to the first. Default false. */
  readonly reverse?: boolean;
  /** Default: every sequence has all t steps. */
  readonly lengths?: Lengths | null;
}

/** Checks one layer's arguments; gives the sizes, with lengths as a tensor. */
export function sequenceOf(
  name: string,
  gates: number,
  x: Tensor,
  w: RecurrentWeights,
  { reverse = false, lengths = null, ...states }: RecurrentOptions & { readonly c0?: Tensor | null },
): Sequence {
  const { weightIh, weightHh, biasIh = null, biasHh = null } = w;
  const { h0 = null, c0 = null } = states;
  const all = { x, weightIh, weightHh, biasIh, biasHh, h0, c0 };
  const named = (...keys: (keyof typeof all)[]) =>
    keys.flatMap((k) => (all[k] ? [`${k} ${formatShape(all[k].shape)}`] : [])).join(", ");
  for (const [key, t] of Object.entries(all)) {
    if (t && !isFloat(t.dtype)) throw new DTypeError(`${name}: ${key} must be f32 or f16, is ${t.dtype}`);
  }
  const hidden = weightHh.shape[1] ?? 0;
  if (weightHh.rank !== 2 || hidden === 0 || weightHh.shape[0] !== gates * hidden) {
    throw new ShapeError(`${name}: weightHh must be [${times(gates)}hidden, hidden], ${named("weightHh")}`);
  }
  if (x.rank !== 3) throw new ShapeError(`${name}: x must be [time, batch, in], ${named("x")}`);
  const [steps, batch, inputs] = x.shape as [number, number, number];
  if (steps === 0) throw new ShapeError(`${name}: needs at least one step, ${named("x")}`);
  const expect = (key: keyof typeof all, shape: Shape, what: string) => {
    if (all[key] && !sameShape(all[key].shape, shape))
      throw new ShapeError(`${name}: ${key} must be ${what}, ${named(key, "x", "weightHh")}`);
  };
  expect("weightIh", [gates * hidden, inputs], `[${times(gates)}hidden, in]`);
  expect("biasIh", [gates * hidden], `[${times(gates)}hidden]`);
  expect("biasHh", [gates * hidden], `[${times(gates)}hidden]`);
  expect("h0", [batch, hidden], "[batch, hidden]");
  expect("c0", [batch, hidden], "[batch, hidden]");
  const list = lengths && lengthsTensor(name, lengths, steps, batch, x);
  return { steps, batch, hidden, gates, reverse, lengths: list };
}

const times = (gates: number) => (gates === 1 ? "" : `${gates} * `);

/** Lengths on the device, checked as far as the host knows them. */
export function lengthsTensor(
  name: string,
  lengths: Lengths,
  steps: number,
  batch: number,
  x: Tensor,
): Tensor {
  if (!Array.isArray(lengths)) {
    const t = lengths as Tensor;
    if (t.dtype !== "i32") throw new DTypeError(`${name}: lengths must be i32, is ${t.dtype}`);
    if (t.rank === 1 && t.shape[0] === batch) return t;
    throw new ShapeError(
      `${name}: lengths must be [batch], lengths ${formatShape(t.shape)}, x ${formatShape(x.shape)}`,
    );
  }
  const values = lengths as readonly number[];
  if (values.length !== batch) {
    throw new ShapeError(
      `${name}: needs a length for each of ${batch} sequences, got ${values.length}, x ${formatShape(x.shape)}`,
    );
  }
  const wrong = values.find((n) => !Number.isInteger(n) || n < 1 || n > steps);
  if (wrong !== undefined) throw new OptionError(`${name}: lengths must be in 1..${steps}, got ${wrong}`);
  return tensor(Int32Array.from(values), { device: x.device });
}

/** biasIh + biasHh, of which one may be missing. */
export function oneBias({ biasIh = null, biasHh = null }: RecurrentWeights): Tensor | null {
  return biasIh && biasHh ? add(biasIh, biasHh) : (biasIh ?? biasHh);
}

/** [t, b, n] -> [t * b, n], as one matrix. */
export function asRows(x: Tensor): Tensor {
  return reshape(x, [x.shape[0]! * x.shape[1]!, x.shape[2]!]);
}

export const columnSums = (x: Tensor): Tensor => sum(asRows(x), 0);
