// Rows of lstm, gru and rnn: one layer in one direction.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { gru } from "../../kernels/gru.ts";
import { lstm } from "../../kernels/lstm.ts";
import type { RecurrentWeights } from "../../kernels/recurrent.ts";
import { type RnnNonlinearity, rnn } from "../../kernels/rnn.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { type Nd, nd, total } from "../nd.ts";
import { type ErrorCase, type OpRecord, type Sample, sample } from "../record.ts";
import { z } from "./samples.ts";

/** Inputs: x, weightIh, weightHh, then the biases if `bias`, then the states if `states`. */
interface Options {
  readonly bias?: boolean;
  readonly states?: boolean;
  readonly reverse?: boolean;
  readonly lengths?: readonly number[];
  readonly nonlinearity?: RnnNonlinearity;
}

type Size = readonly [t: number, b: number, inputs: number, hidden: number];
const ALL = { bias: true, states: true };
const CASES: readonly (readonly [Size, Options])[] = [
  [[1, 1, 1, 1], ALL],
  [[2, 1, 2, 4], {}],
  [[3, 5, 2, 8], { ...ALL, reverse: true }],
  [[4, 3, 2, 4], { ...ALL, lengths: [2, 4, 1] }],
  [[4, 3, 2, 5], { ...ALL, lengths: [3, 1, 2], reverse: true }],
  [[3, 9, 7, 12], { bias: true }],
  [[2, 0, 3, 4], ALL],
];

type Row = readonly number[];
/** The next states, the output first, from x W_ih^T + b_ih and h W_hh^T + b_hh. */
type Cell = (x: Row, u: Row, states: readonly Row[], o: Options) => readonly Row[];

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const part = (r: Row, k: number, h: number) => r.slice(k * h, (k + 1) * h);

const lstmCell: Cell = (x, u, [, c]) => {
  const h = c.length;
  const [i, f, g, o] = [0, 1, 2, 3].map((k) => part(x, k, h).map((v, j) => v + u[k * h + j]));
  const next = c.map((v, j) => sigmoid(f[j]) * v + sigmoid(i[j]) * Math.tanh(g[j]));
  return [next.map((v, j) => sigmoid(o[j]) * Math.tanh(v)), next];
};
const gruCell: Cell = (x, u, [before]) => {
  const h = before.length;
  return [
    before.map((v, j) => {
      const r = sigmoid(x[j] + u[j]);
      const z = sigmoid(x[h + j] + u[h + j]);
      return (1 - z) * Math.tanh(x[2 * h + j] + r * u[2 * h + j]) + z * v;
    }),
  ];
};
const rnnCell: Cell = (x, u, _, { nonlinearity = "tanh" }) => [
  x.map((v, j) => (nonlinearity === "tanh" ? Math.tanh(v + u[j]) : Math.max(v + u[j], 0))),
];

const row = (a: Nd, i: number): Row => {
  const n = a.shape.at(-1)!;
  return Array.from(a.data.subarray(i * n, (i + 1) * n));
};
const product = (w: Nd, x: Row, bias: Nd | null): Row =>
  Array.from({ length: w.shape[0] }, (_, j) =>
    total([bias ? bias.data[j] : 0, ...x.map((v, k) => v * w.data[j * x.length + k])]),
  );

/** [y, ...last states], sequence by sequence. */
function reference(cell: Cell, count: number, inputs: readonly Nd[], o: Options): Nd[] {
  const { x, weightIh, weightHh, biasIh, biasHh, states } = named(inputs, o, count);
  const [steps, batch] = x.shape;
  const hidden = weightHh.shape[1];
  const y = new Float64Array(steps * batch * hidden);
  const last = Array.from({ length: count }, () => [] as number[]);
  for (let b = 0; b < batch; b++) {
    let own = Array.from({ length: count }, (_, k) =>
      states[k] ? row(states[k], b) : Array(hidden).fill(0),
    );
    const length = o.lengths?.[b] ?? steps;
    for (let i = 0; i < length; i++) {
      const t = o.reverse ? length - 1 - i : i;
      own = cell(
        product(weightIh, row(x, t * batch + b), biasIh),
        product(weightHh, own[0], biasHh),
        own,
        o,
      ).map((r) => [...r]);
      y.set(own[0], (t * batch + b) * hidden);
    }
    own.forEach((r, k) => {
      last[k].push(...r);
    });
  }
  return [nd([steps, batch, hidden], y), ...last.map((data) => nd([batch, hidden], data))];
}

function named<T>(inputs: readonly T[], { bias, states }: Options, count: number) {
  const at = bias ? 5 : 3;
  return {
    x: inputs[0],
    weightIh: inputs[1],
    weightHh: inputs[2],
    biasIh: bias ? inputs[3] : null,
    biasHh: bias ? inputs[4] : null,
    states: Array.from({ length: count }, (_, k) => (states ? inputs[at + k] : null)),
  };
}

function samplesOf(draw: Draw, gates: number, count: number, more: Options): Sample<Options>[] {
  const cases = more.nonlinearity ? CASES.slice(2, 5) : CASES;
  return cases.map(([[t, b, inputs, h], given]) => {
    const o = { ...given, ...more, bias: given.bias || more.nonlinearity === "relu" };
    // relu: the first bias outweighs the rest, so that no sum comes near the bend.
    const [wide, bias] =
      more.nonlinearity === "relu"
        ? [0.5 / (inputs + h), () => draw.signed([h], 3, 4)]
        : [1, () => draw.normal([gates * h])];
    const weight = (n: number) => draw.uniform([gates * h, n], -wide, wide);
    const states = o.states ? Array.from({ length: count }, () => draw.uniform([b, h])) : [];
    const biases = o.bias ? [bias(), draw.uniform([gates * h], -0.5, 0.5)] : [];
    return sample<Options>(o, draw.uniform([t, b, inputs]), weight(inputs), weight(h), ...biases, ...states);
  });
}

type Run = (
  x: Tensor,
  w: RecurrentWeights,
  states: readonly (Tensor | null)[],
  o: Options,
) => readonly Tensor[];

function errors(name: string, gates: number, run: Run): ErrorCase[] {
  const weights = (dtype: "f32" | "i32" = "f32") => ({
    weightIh: z([gates * 4, 3], dtype),
    weightHh: z([gates * 4, 4]),
  });
  const call = (x: Tensor, w: RecurrentWeights = weights(), o: Options = {}) => run(x, w, [null], o);
  const rule = (text: string) => new RegExp(`^${name}: ${text}`);
  return [
    {
      name: "rank",
      run: () => call(z([2, 3])),
      message: rule("x must be \\[time, batch, in\\]"),
      type: ShapeError,
    },
    {
      name: "no step",
      run: () => call(z([0, 2, 3])),
      message: rule("needs at least one step"),
      type: ShapeError,
    },
    { name: "inputs", run: () => call(z([2, 2, 5])), message: rule("weightIh must be"), type: ShapeError },
    {
      name: "weightHh",
      run: () => call(z([2, 2, 3]), { ...weights(), weightHh: z([5, 4]) }),
      message: rule("weightHh must be"),
      type: ShapeError,
    },
    {
      name: "bias",
      run: () => call(z([2, 2, 3]), { ...weights(), biasHh: z([3]) }),
      message: rule("biasHh must be"),
      type: ShapeError,
    },
    {
      name: "state",
      run: () => run(z([2, 2, 3]), weights(), [z([3, 4])], {}),
      message: rule("h0 must be \\[batch, hidden\\], h0 \\[3,4\\]"),
      type: ShapeError,
    },
    {
      name: "dtype",
      run: () => call(z([2, 2, 3]), weights("i32")),
      message: rule("weightIh must be f32 or f16, is i32"),
      type: DTypeError,
    },
    {
      name: "a length for each",
      run: () => call(z([2, 2, 3]), weights(), { lengths: [1] }),
      message: rule("needs a length for each of 2 sequences, got 1"),
      type: ShapeError,
    },
    {
      name: "length",
      run: () => call(z([2, 2, 3]), weights(), { lengths: [1, 3] }),
      message: rule("lengths must be in 1..2, got 3"),
      type: OptionError,
    },
  ];
}

function record(name: string, gates: number, count: number, cell: Cell, run: Run): OpRecord<Options> {
  return {
    name,
    samples: (draw) => [
      ...samplesOf(draw, gates, count, {}),
      ...(name === "rnn" ? samplesOf(draw, gates, count, { nonlinearity: "relu" }) : []),
    ],
    run: (inputs, o) => {
      const { x, states, ...weights } = named(inputs, o, count);
      return run(x, weights, states, o);
    },
    reference: (inputs, o) => reference(cell, count, inputs, o),
    differentiable: true,
    compare: "largest",
    errors: errors(name, gates, run),
  };
}

export const recurrentRecords = [
  record("lstm", 4, 2, lstmCell, (x, w, [h0, c0], o) => lstm(x, w, { h0, c0, ...o })),
  record("gru", 3, 1, gruCell, (x, w, [h0], o) => gru(x, w, { h0, ...o })),
  record("rnn", 1, 1, rnnCell, (x, w, [h0], o) => rnn(x, w, { h0, ...o })),
] as readonly OpRecord[];
