// A compact convolutional transformer (Hassani et al. 2021): convolutions make tokens of a picture, pre-norm encoder layers let them
// look at each other, and their mean tells the class. Patches without convolutions: vit.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { add } from "../kernels/binary.ts";
import { transpose } from "../kernels/permute.ts";
import { mean } from "../kernels/reduce.ts";
import { flatten } from "../kernels/reshape.ts";
import { ReLU } from "../layers/activation.ts";
import { BatchNorm2d } from "../layers/batch_norm.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { constantParameter } from "../layers/defaults.ts";
import { Dropout } from "../layers/dropout.ts";
import { type InitOptions, normal } from "../layers/init.ts";
import { LayerNorm } from "../layers/layer_norm.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkMultiple, checkPositive, checkRange } from "../layers/options.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import { TransformerEncoder } from "../layers/transformer.ts";
import { TransformerEncoderLayer } from "../layers/transformer_encoder_layer.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface CnnTransformerOptions extends InitOptions {
  /** Default 10. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Height and width of x; a multiple of 2^convolutions. Default 32. */
  readonly imageSize?: number;
  /** Each halves the picture. Default 2. */
  readonly convolutions?: number;
  /** Width of a token; a multiple of `heads` and of 2^(convolutions - 1). Default 128. */
  readonly d?: number;
  /** Default 4. */
  readonly heads?: number;
  /** Of the encoder. Default 4. */
  readonly layers?: number;
  /** Width of the perceptrons' hidden layer. Default 2 d. */
  readonly mlp?: number;
  /** Of tokens, attention weights and perceptrons. Default 0. */
  readonly dropout?: number;
}

/**
 * x [b, inChannels, imageSize, imageSize] -> logits [b, numClasses]. 615,498 parameters by default. Initial values as of the
 * layers, positions N(0, 0.02^2).
 *
 * @throws OptionError for sizes that are no positive integers or do not divide as said above, dropout out of range; ShapeError, in
 *   forward, for pictures of another size
 */
export class CnnTransformer extends Module {
  readonly stem: Sequential;
  readonly positions: Parameter; // [1, tokens, d]
  readonly dropout: Dropout;
  readonly encoder: TransformerEncoder;
  readonly head: Linear;
  readonly #shape: readonly number[];

  constructor(options: CnnTransformerOptions = {}) {
    super();
    const { numClasses, inChannels, imageSize, convolutions, d, heads, layers, mlp, dropout } =
      sizesOf(options);
    const { generator } = options;
    this.#shape = [inChannels, imageSize, imageSize];
    const stem = Array.from({ length: convolutions }, (_, i): Layer[] => {
      const to = d / 2 ** (convolutions - 1 - i);
      const from = i === 0 ? inChannels : to / 2;
      return [
        new Conv2d(from, to, { kernelSize: 3, stride: 2, padding: 1, bias: false, generator }),
        new BatchNorm2d(to),
        new ReLU(), // [b, to, s / 2^(i + 1), s / 2^(i + 1)]
      ];
    });
    this.stem = new Sequential(...stem.flat());
    this.positions = constantParameter([1, (imageSize / 2 ** convolutions) ** 2, d], 0);
    normal(this.positions, 0, 0.02, { generator });
    this.dropout = new Dropout(dropout);
    const layer = {
      dimFeedforward: mlp,
      dropout,
      activation: "gelu",
      normFirst: true,
      batchFirst: true,
    } as const;
    this.encoder = new TransformerEncoder(
      () => new TransformerEncoderLayer(d, heads, { ...layer, generator }),
      layers,
      { norm: new LayerNorm(d) },
    );
    this.head = new Linear(d, numClasses, { generator });
  }

  forward(x: Tensor): Tensor {
    if (x.rank !== 4 || this.#shape.some((size, i) => size !== x.shape[i + 1])) {
      const rule = `x must be [b, ${this.#shape.join(", ")}]`;
      throw new ShapeError(`CnnTransformer: ${rule}, x ${formatShape(x.shape)}`);
    }
    const tokens = transpose(flatten(this.stem.forward(x), 2), 1, 2); // [b, tokens, d]
    const y = this.encoder.forward(this.dropout.forward(add(tokens, this.positions))); // [b, tokens, d]
    return this.head.forward(mean(y, 1)); // [b, numClasses]
  }
}

function sizesOf(options: CnnTransformerOptions): Required<Omit<CnnTransformerOptions, keyof InitOptions>> {
  const { numClasses = 10, inChannels = 3, imageSize = 32, convolutions = 2, d = 128 } = options;
  const { heads = 4, layers = 4, mlp = 2 * d, dropout = 0 } = options;
  const name = "CnnTransformer";
  const counts = { numClasses, inChannels, imageSize, convolutions, d, heads, layers, mlp };
  checkPositive(name, counts);
  checkRange(name, "dropout", dropout, 0, 1);
  if (2 ** convolutions > imageSize)
    throw new OptionError(`${name}: ${convolutions} convolutions leave nothing of imageSize ${imageSize}`);
  checkMultiple(name, { imageSize }, { "2^convolutions": 2 ** convolutions });
  checkMultiple(name, { d }, { heads });
  checkMultiple(name, { d }, { "2^(convolutions - 1)": 2 ** (convolutions - 1) });
  return { ...counts, dropout };
}
