// The layer of a transformer's encoder: self-attention, then a perceptron of every token. How both join their inputs:
// transformer_layer.ts. A stack of them: transformer.ts.

import type { Tensor } from "../tensor/tensor.ts";
import type { Dropout } from "./dropout.ts";
import type { LayerNorm } from "./layer_norm.ts";
import type { Linear } from "./linear.ts";
import type { MultiheadAttention } from "./multihead_attention.ts";
import { partsOf, TransformerLayer, type TransformerLayerOptions } from "./transformer_layer.ts";

/** Masks as MultiheadAttention has them: bool, true where attention is forbidden; or f32, added to the scores. */
export interface EncoderMasks {
  /** [t, t] or [b * numHeads, t, t] */
  readonly srcMask?: Tensor | null;
  /** [b, t] */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** Token i attends to tokens 0 to i only, without a mask of its own. Default false. */
  readonly isCausal?: boolean;
}

/**
 * Self-attention, then a perceptron of every token (torch.nn.TransformerEncoderLayer).
 *
 * Shapes: src [t, b, dModel] -> the same; [b, t, dModel] with `batchFirst`; [t, dModel] without the batch axis. Initial values as
 * of MultiheadAttention, Linear and LayerNorm.
 *
 * @throws OptionError unless sizes are positive integers, dModel is a multiple of numHeads, dropout lies in [0, 1]
 */
export class TransformerEncoderLayer extends TransformerLayer {
  readonly selfAttn: MultiheadAttention; // self_attn
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;

  constructor(dModel: number, numHeads: number, options: TransformerLayerOptions = {}) {
    super(options);
    const make = partsOf(dModel, numHeads, options);
    this.selfAttn = make.attention();
    this.linear1 = make.up();
    this.dropout = make.dropout();
    this.linear2 = make.down();
    [this.norm1, this.norm2] = [make.norm(), make.norm()];
    [this.dropout1, this.dropout2] = [make.dropout(), make.dropout()];
  }

  forward(src: Tensor, { srcMask, srcKeyPaddingMask, isCausal }: EncoderMasks = {}): Tensor {
    const masks = { attnMask: srcMask, keyPaddingMask: srcKeyPaddingMask, isCausal };
    const x = this.sublayer(src, this.norm1, (x) =>
      this.dropout1.forward(this.selfAttn.forward(x, x, x, masks)),
    ); // [t, b, d]
    return this.sublayer(x, this.norm2, (x) =>
      this.dropout2.forward(this.perceptron(x, this.linear1, this.dropout, this.linear2)),
    ); // [t, b, d]
  }
}
