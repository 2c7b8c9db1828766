// The layer of a transformer's decoder: self-attention, attention to the encoder's result, then a perceptron of every token. How
// each joins its input: transformer_layer.ts. A stack of them: transformer.ts.

import type { Tensor } from "../tensor/tensor.ts";
import type { Dropout } from "./dropout.ts";
import type { LayerNorm } from "./layer_norm.ts";
import type { Linear } from "./linear.ts";
import type { MultiheadAttention } from "./multihead_attention.ts";
import { partsOf, TransformerLayer, type TransformerLayerOptions } from "./transformer_layer.ts";

/** Masks as MultiheadAttention has them: bool, true where attention is forbidden; or f32, added to the scores. */
export interface DecoderMasks {
  /** [t, t] or [b * numHeads, t, t] */
  readonly tgtMask?: Tensor | null;
  /** [t, s] or [b * numHeads, t, s] */
  readonly memoryMask?: Tensor | null;
  /** [b, t] */
  readonly tgtKeyPaddingMask?: Tensor | null;
  /** [b, s] */
  readonly memoryKeyPaddingMask?: Tensor | null;
  /** Default false. */
  readonly tgtIsCausal?: boolean;
  /** Default false. */
  readonly memoryIsCausal?: boolean;
}

/**
 * Self-attention of tgt, attention of tgt to memory, then a perceptron of every token (torch.nn.TransformerDecoderLayer).
 *
 * Shapes: tgt [t, b, dModel], memory [s, b, dModel] -> [t, b, dModel]; otherwise as the encoder's layer.
 *
 * @throws OptionError as TransformerEncoderLayer
 */
export class TransformerDecoderLayer extends TransformerLayer {
  readonly selfAttn: MultiheadAttention; // self_attn
  readonly multiheadAttn: MultiheadAttention; // multihead_attn
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly norm3: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly dropout3: Dropout;

  constructor(dModel: number, numHeads: number, options: TransformerLayerOptions = {}) {
    super(options);
    const make = partsOf(dModel, numHeads, options);
    [this.selfAttn, this.multiheadAttn] = [make.attention(), make.attention()];
    this.linear1 = make.up();
    this.dropout = make.dropout();
    this.linear2 = make.down();
    [this.norm1, this.norm2, this.norm3] = [make.norm(), make.norm(), make.norm()];
    [this.dropout1, this.dropout2, this.dropout3] = [make.dropout(), make.dropout(), make.dropout()];
  }

  forward(tgt: Tensor, memory: Tensor, o: DecoderMasks = {}): Tensor {
    const own = { attnMask: o.tgtMask, keyPaddingMask: o.tgtKeyPaddingMask, isCausal: o.tgtIsCausal };
    const across = {
      attnMask: o.memoryMask,
      keyPaddingMask: o.memoryKeyPaddingMask,
      isCausal: o.memoryIsCausal,
    };
    const x = this.sublayer(tgt, this.norm1, (x) =>
      this.dropout1.forward(this.selfAttn.forward(x, x, x, own)),
    ); // [t, b, d]
    const y = this.sublayer(x, this.norm2, (x) =>
      this.dropout2.forward(this.multiheadAttn.forward(x, memory, memory, across)),
    ); // [t, b, d]
    return this.sublayer(y, this.norm3, (x) =>
      this.dropout3.forward(this.perceptron(x, this.linear1, this.dropout, this.linear2)),
    ); // [t, b, d]
  }
}
