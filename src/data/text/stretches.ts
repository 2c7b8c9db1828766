// Stretches of one long sequence of tokens as batches of a language model: inputs [b, t], and targets, the tokens one further on.
// `Lanes` reads it in order, for models that carry their state from batch to batch; `windowsAt` anywhere.
import { OptionError } from "../../gpu/errors.ts";
import type { HostArray } from "../../tensor/compile.ts";

export interface Stretches {
  readonly x: HostArray; // i32 [b, t]
  readonly y: HostArray; // i32 [b, t]
}

/**
 * The sequence cut into `batch` lanes of equal length, which are read side by side: lane k of batch i + 1 goes on where lane k of
 * batch i ended. What is left at the end of a lane is not read.
 *
 * @throws OptionError if a lane is shorter than one stretch
 */
export class Lanes {
  /** Batches until the lanes end. */
  readonly length: number;
  readonly #starts: Int32Array;

  constructor(
    private readonly tokens: Int32Array,
    private readonly options: { readonly batch: number; readonly t: number },
  ) {
    const { batch, t } = options;
    const lane = Math.floor(tokens.length / batch);
    this.length = Math.floor((lane - 1) / t);
    if (!(this.length >= 1))
      throw new OptionError(
        `Lanes: ${tokens.length} tokens are too few for ${batch} lanes of ${t} and a target`,
      );
    this.#starts = Int32Array.from({ length: batch }, (_, k) => k * lane);
  }

  /** Batch i, of the lanes read again and again. */
  at(i: number): Stretches {
    const skip = (i % this.length) * this.options.t;
    return windowsAt(
      this.tokens,
      this.#starts.map((s) => s + skip),
      this.options.t,
    );
  }

  /** True where batch i begins the lanes, so that a carried state must be forgotten. */
  starts(i: number): boolean {
    return i % this.length === 0;
  }
}

/** The stretches of `t` tokens that begin at `starts`. Throws OptionError for one that, with its last target, leaves the sequence. */
export function windowsAt(tokens: Int32Array, starts: ArrayLike<number>, t: number): Stretches {
  const b = starts.length;
  const x = new Int32Array(b * t);
  const y = new Int32Array(b * t);
  for (let k = 0; k < b; k++) {
    const from = starts[k];
    if (!(from >= 0 && from + t < tokens.length))
      throw new OptionError(
        `windowsAt: a stretch of ${t} and its target from ${from} leave ${tokens.length} tokens`,
      );
    x.set(tokens.subarray(from, from + t), k * t);
    y.set(tokens.subarray(from + 1, from + t + 1), k * t);
  }
  return { x: { data: x, shape: [b, t] }, y: { data: y, shape: [b, t] } };
}
