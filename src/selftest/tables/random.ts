// Row of dropout. Its mask is the seeded stream's, which the host draws too: determinism and share are in the values.
import { DTypeError, OptionError } from "../../gpu/errors.ts";
import { dropout } from "../../kernels/dropout.ts";
import { Generator } from "../../tensor/philox.ts";
import { defaultGenerator, manualSeed } from "../../tensor/random.ts";
import { map } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

const SEED = 11;

interface Options {
  readonly p: number;
  readonly training?: boolean;
}

const dropoutRecord: OpRecord<Options> = {
  name: "dropout",
  samples: (draw) => [
    sample({ p: 0.5 }, draw.normal([7])),
    sample({ p: 0.25 }, draw.normal([3, 5])),
    sample({ p: 0.75 }, draw.normal([67, 33])),
    sample({ p: 0 }, draw.normal([5])),
    sample({ p: 1 }, draw.normal([5])),
    sample({ p: 0.5, training: false }, draw.normal([5])),
    sample({ p: 0.5 }, draw.normal([0, 3])),
    sample({ p: 0.5 }, draw.normal([])),
  ],
  run: ([x], { p, training }) => {
    const before = defaultGenerator.state();
    manualSeed(SEED);
    const y = dropout(x, p, training);
    defaultGenerator.setState(before);
    return y;
  },
  reference: ([x], { p, training = true }) => {
    if (!training || p === 0) return x;
    const u = new Generator(SEED).uniform(x.data.length);
    return map(x, (v, i) => (u[i] >= p ? v / (1 - p) : 0));
  },
  differentiable: true,
  errors: [
    {
      name: "p",
      run: () => dropout(z([2]), 1.5),
      message: /^dropout: p must lie in \[0, 1\], got 1.5$/,
      type: OptionError,
    },
    {
      name: "dtype",
      run: () => dropout(z([2], "i32")),
      message: /^dropout: needs f32 or f16, x i32\[2\]$/,
      type: DTypeError,
    },
  ],
};

export const randomRecords = [dropoutRecord] as readonly OpRecord[];
