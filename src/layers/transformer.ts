// Stacks of transformer layers, and the encoder-decoder of Vaswani et al. 2017 without embeddings and head. One layer:
// transformer_encoder_layer.ts, transformer_decoder_layer.ts.

import type { Tensor } from "../tensor/tensor.ts";
import { xavierUniform } from "./init.ts";
import { LayerNorm } from "./layer_norm.ts";
import { Module } from "./module.ts";
import { checkPositive } from "./options.ts";
import { type DecoderMasks, TransformerDecoderLayer } from "./transformer_decoder_layer.ts";
import { type EncoderMasks, TransformerEncoderLayer } from "./transformer_encoder_layer.ts";
import type { TransformerLayerOptions } from "./transformer_layer.ts";

export interface TransformerStackOptions {
  /** Behind the last layer: pre-norm stacks need one. Default none. */
  readonly norm?: LayerNorm | null;
}

/**
 * numLayers encoder layers, one after the other (torch.nn.TransformerEncoder). Where PyTorch copies one layer, initial values
 * included, `layer(i)` makes each, with values of its own.
 *
 * Shapes: src [t, b, d] -> the same.
 *
 * @throws OptionError unless numLayers is a positive integer
 */
export class TransformerEncoder extends Module {
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: LayerNorm | null;

  constructor(
    layer: (i: number) => TransformerEncoderLayer,
    numLayers: number,
    { norm = null }: TransformerStackOptions = {},
  ) {
    super();
    checkPositive("TransformerEncoder", { numLayers });
    this.layers = Array.from({ length: numLayers }, (_, i) => layer(i));
    this.norm = norm;
  }

  forward(src: Tensor, masks: EncoderMasks = {}): Tensor {
    const x = this.layers.reduce((x, layer) => layer.forward(x, masks), src); // [t, b, d]
    return this.norm ? this.norm.forward(x) : x;
  }
}

/**
 * numLayers decoder layers, one after the other, each attending to memory (torch.nn.TransformerDecoder); layers are made as
 * those of TransformerEncoder.
 *
 * Shapes: tgt [t, b, d], memory [s, b, d] -> [t, b, d].
 *
 * @throws OptionError unless numLayers is a positive integer
 */
export class TransformerDecoder extends Module {
  readonly layers: readonly TransformerDecoderLayer[];
  readonly norm: LayerNorm | null;

  constructor(
    layer: (i: number) => TransformerDecoderLayer,
    numLayers: number,
    { norm = null }: TransformerStackOptions = {},
  ) {
    super();
    checkPositive("TransformerDecoder", { numLayers });
    this.layers = Array.from({ length: numLayers }, (_, i) => layer(i));
    this.norm = norm;
  }

  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const x = this.layers.reduce((x, layer) => layer.forward(x, memory, masks), tgt); // [t, b, d]
    return this.norm ? this.norm.forward(x) : x;
  }
}

export interface TransformerOptions extends TransformerLayerOptions {
  /** Default 512. */
  readonly dModel?: number;
  /** Default 8. */
  readonly numHeads?: number;
  /** Default 6. */
  readonly numEncoderLayers?: number;
  /** Default 6. */
  readonly numDecoderLayers?: number;
}

export interface TransformerMasks extends Omit<EncoderMasks, "isCausal">, DecoderMasks {
  /** Default false. */
  readonly srcIsCausal?: boolean;
}

/**
 * y = decoder(tgt, encoder(src)), each with a norm behind its last layer (torch.nn.Transformer).
 *
 * Shapes: src [s, b, dModel], tgt [t, b, dModel] -> [t, b, dModel]; batch first with `batchFirst`. Usually `tgtIsCausal`, and the
 * padding of src as both srcKeyPaddingMask and memoryKeyPaddingMask. Initial values: matrices Glorot uniform. 44,140,544
 * parameters by default.
 *
 * @throws OptionError as TransformerEncoderLayer and TransformerEncoder
 */
export class Transformer extends Module {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  constructor(options: TransformerOptions = {}) {
    super();
    const { dModel = 512, numHeads = 8, numEncoderLayers = 6, numDecoderLayers = 6, ...layer } = options;
    checkPositive("Transformer", { dModel, numHeads, numEncoderLayers, numDecoderLayers });
    const norm = () => new LayerNorm(dModel, { eps: options.layerNormEps, bias: options.bias });
    const encode = () => new TransformerEncoderLayer(dModel, numHeads, layer);
    const decode = () => new TransformerDecoderLayer(dModel, numHeads, layer);
    this.encoder = new TransformerEncoder(encode, numEncoderLayers, { norm: norm() });
    this.decoder = new TransformerDecoder(decode, numDecoderLayers, { norm: norm() });
    for (const p of this.parameters()) if (p.rank > 1) xavierUniform(p, { generator: options.generator });
  }

  forward(src: Tensor, tgt: Tensor, masks: TransformerMasks = {}): Tensor {
    const memory = this.encoder.forward(src, { ...masks, isCausal: masks.srcIsCausal }); // [s, b, d]
    return this.decoder.forward(tgt, memory, masks); // [t, b, d]
  }
}
