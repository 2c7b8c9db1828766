// Text written by a language model: each token drawn from softmax(logits / temperature), read back and fed in again.
import { OptionError } from "../gpu/errors.ts";
import type { Generator } from "../tensor/philox.ts";

/** A model that has read some tokens; `read` adds more and gives the logits of the next one. */
export interface Writer {
  read(tokens: Int32Array): Promise<ArrayLike<number>>;
}

export interface WriteOptions {
  readonly prompt: Int32Array;
  readonly count: number;
  /** Towards 0 always the likeliest; 1: as the model believes. */
  readonly temperature: number;
  readonly generator: Generator;
}

/** -> the tokens written behind the prompt. Throws OptionError for no prompt or a temperature that is not positive. */
export async function write(writer: Writer, options: WriteOptions): Promise<Int32Array> {
  const { prompt, count, temperature, generator } = options;
  if (prompt.length === 0) throw new OptionError("write: the prompt is empty");
  const written = new Int32Array(count);
  const draws = generator.uniform(count);
  let next = prompt;
  for (let i = 0; i < count; i++) {
    written[i] = drawToken(await writer.read(next), temperature, draws[i]);
    next = written.subarray(i, i + 1);
  }
  return written;
}

/** The token at share `u` of [0, 1) of softmax(logits / temperature). Throws OptionError unless the temperature is positive. */
export function drawToken(logits: ArrayLike<number>, temperature: number, u: number): number {
  if (!(temperature > 0)) throw new OptionError(`write: temperature must be positive, got ${temperature}`);
  const top = Array.from(logits).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = Array.from(logits, (v) => Math.exp((v - top) / temperature));
  let left = u * weights.reduce((a, b) => a + b, 0);
  for (let k = 0; k < weights.length; k++) {
    left -= weights[k];
    if (left < 0) return k;
  }
  return weights.findLastIndex((w) => w > 0); // the sum was rounded
}
