// What GPT-2 and BERT share: their sizes, what they check and look up (ids, positions, which tokens are padding), and how their
// tables start.

import { ShapeError } from "../gpu/errors.ts";
import { mul } from "../kernels/binary.ts";
import { ne } from "../kernels/compare.ts";
import { reshape } from "../kernels/reshape.ts";
import { narrow } from "../kernels/slice.ts";
import type { Embedding } from "../layers/embedding.ts";
import type { InitOptions } from "../layers/init.ts";
import { checkMultiple, checkPositive, checkRange } from "../layers/options.ts";
import { noGrad } from "../tensor/mode.ts";
import { hasValues } from "../tensor/parameter.ts";
import { copyInto } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRoom } from "./room.ts";

export interface TokenModelOptions extends InitOptions {
  /** Different tokens. Default 50257 of GPT-2, 30522 of BERT. */
  readonly vocab?: number;
  /** Tokens a sequence may have. Default 1024 of GPT-2, 512 of BERT. */
  readonly length?: number;
  /** Width of a token inside; a multiple of `heads`. Default 768. */
  readonly d?: number;
  /** Default 12. */
  readonly layers?: number;
  /** Default 12. */
  readonly heads?: number;
  /** Width of the perceptrons' hidden layer. Default 4 d. */
  readonly mlp?: number;
  /** Of attention weights. Default 0.1. */
  readonly attentionDropout?: number;
}

export type TokenModelSizes = Required<Omit<TokenModelOptions, keyof InitOptions>>;

/**
 * @param keys of the table of tokens and of a perceptron's first weight
 * @throws OptionError for sizes that are no positive integers, d no multiple of heads, dropout out of range; LimitError for a
 *   table or a perceptron beyond what the adapter binds
 */
export function tokenModelSizes(
  model: string,
  options: TokenModelOptions,
  defaults: { readonly vocab: number; readonly length: number },
  keys: { readonly words: string; readonly up: string },
): TokenModelSizes {
  const { vocab = defaults.vocab, length = defaults.length, attentionDropout = 0.1 } = options;
  const { d = 768, layers = 12, heads = 12, mlp = 4 * d } = options;
  checkPositive(model, { vocab, length, d, layers, heads, mlp });
  checkMultiple(model, { d }, { heads });
  checkRange(model, "attentionDropout", attentionDropout, 0, 1);
  checkRoom(model, { [keys.words]: [vocab, d], [keys.up]: [d, mlp] });
  return { vocab, length, d, layers, heads, mlp, attentionDropout };
}

/** @throws ShapeError unless ids are [b, t] with t at most `length`, and the others, where given, like them */
export function checkTokens(
  model: string,
  ids: Tensor,
  length: number,
  others: Readonly<Record<string, Tensor | null | undefined>>,
): void {
  const given = `ids ${formatShape(ids.shape)}`;
  if (ids.rank !== 2) throw new ShapeError(`${model}: ids must be [b, t], ${given}`);
  if (ids.shape[1] > length) throw new ShapeError(`${model}: at most ${length} tokens, ${given}`);
  for (const [name, t] of Object.entries(others)) {
    if (t && !sameShape(t.shape, ids.shape))
      throw new ShapeError(
        `${model}: ${name} must have the shape of ids, ${given}, ${name} ${formatShape(t.shape)}`,
      );
  }
}

/** The vectors of positions 0 to t - 1, [t, d]; or of the positions given [b, t], [b, t, d]. */
export function positionsOf(table: Embedding, t: number, positions?: Tensor | null): Tensor {
  if (positions) return table.forward(positions);
  return t === table.count ? table.weight : narrow(table.weight, 0, 0, t);
}

/** What attention takes of a mask [b, t] that is 0, or false, at padding: bool [b, 1, 1, t], true where keys may be read. */
export function readableKeys(mask: Tensor | null | undefined): Tensor | null {
  if (!mask) return null;
  const [b, t] = mask.shape;
  return reshape(mask.dtype === "bool" ? mask : ne(mask, 0), [b, 1, 1, t]);
}

/** Brings the N(0, 1) that a table starts with to N(0, std^2); its row of padding stays 0. */
export function scaleTable({ weight }: Embedding, std: number): void {
  if (hasValues(weight)) noGrad(() => scope(() => void copyInto(weight, mul(weight, std))));
}
