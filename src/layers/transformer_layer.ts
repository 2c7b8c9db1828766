// What the layers of a transformer share (Vaswani et al. 2017, figure 1): options, the perceptron of every token, and how a
// sublayer S joins its input. With N layer norm: y = N(x + S(x)), "post-norm" as in the paper, or y = x + S(N(x)), "pre-norm"
// (Xiong et al. 2020). The layers: transformer_encoder_layer.ts, transformer_decoder_layer.ts.

import { OptionError } from "../gpu/errors.ts";
import { gelu, relu } from "../kernels/activation.ts";
import { add } from "../kernels/binary.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Dropout } from "./dropout.ts";
import type { InitOptions } from "./init.ts";
import { LayerNorm } from "./layer_norm.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { MultiheadAttention } from "./multihead_attention.ts";
import { renamed } from "./renamed.ts";

const ACTIVATIONS = { relu, gelu };

export interface TransformerLayerOptions extends InitOptions {
  /** Width of the perceptron's hidden layer. Default 2048. */
  readonly dimFeedforward?: number;
  /** Of attention weights, of the perceptron's hidden layer and of each sublayer's result. Default 0.1. */
  readonly dropout?: number;
  /** Of the perceptron; "gelu" is the exact one. Default "relu". */
  readonly activation?: keyof typeof ACTIVATIONS | ((x: Tensor) => Tensor);
  /** Default 1e-5. */
  readonly layerNormEps?: number;
  /** Tensors are [b, t, d] instead of [t, b, d]. Default false. */
  readonly batchFirst?: boolean;
  /** Pre-norm instead of post-norm. Default false. */
  readonly normFirst?: boolean;
  /** Biases of projections and norms. Default true. */
  readonly bias?: boolean;
}

/** What both layers are made of: attention, norms, and the perceptron linear2(activation(linear1(x))). */
export abstract class TransformerLayer extends Module {
  protected readonly normFirst: boolean;
  readonly #activation: (x: Tensor) => Tensor;

  constructor(options: TransformerLayerOptions) {
    super();
    const { activation = "relu", normFirst = false } = options;
    if (typeof activation !== "function" && !Object.hasOwn(ACTIVATIONS, activation)) {
      const known = Object.keys(ACTIVATIONS).join(", ");
      throw new OptionError(
        `${this.constructor.name}: activation must be one of ${known} or a function, got ${activation}`,
      );
    }
    this.#activation = typeof activation === "function" ? activation : ACTIVATIONS[activation];
    this.normFirst = normFirst;
  }

  /** x + S(N(x)), or N(x + S(x)) */
  protected sublayer(x: Tensor, norm: LayerNorm, run: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? add(x, run(norm.forward(x))) : norm.forward(add(x, run(x)));
  }

  protected perceptron(x: Tensor, linear1: Linear, dropout: Dropout, linear2: Linear): Tensor {
    return linear2.forward(dropout.forward(this.#activation(linear1.forward(x)))); // [t, b, d]
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return renamed(super.members(), { selfAttn: "self_attn", multiheadAttn: "multihead_attn" });
  }
}

/** What a layer's options say about its parts. */
export function partsOf(dModel: number, numHeads: number, options: TransformerLayerOptions) {
  const { dropout = 0.1, layerNormEps = 1e-5, batchFirst, bias, dimFeedforward = 2048, generator } = options;
  return {
    attention: () => new MultiheadAttention(dModel, numHeads, { dropout, batchFirst, bias, generator }),
    up: () => new Linear(dModel, dimFeedforward, { bias, generator }),
    down: () => new Linear(dimFeedforward, dModel, { bias, generator }),
    norm: () => new LayerNorm(dModel, { eps: layerNormEps, bias }),
    dropout: () => new Dropout(dropout),
  };
}
