// Vision transformer (Dosovitskiy et al. 2021), as torchvision has it: a picture is a sentence of patches, read by pre-norm
// blocks; a learned token in front of them gathers what the classes are told from.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { add } from "../kernels/binary.ts";
import { broadcastTo } from "../kernels/broadcast.ts";
import { cat } from "../kernels/concat.ts";
import { transpose } from "../kernels/permute.ts";
import { flatten } from "../kernels/reshape.ts";
import { select } from "../kernels/slice.ts";
import { GELU } from "../layers/activation.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { constantParameter } from "../layers/defaults.ts";
import { Dropout } from "../layers/dropout.ts";
import { type InitOptions, normal, truncNormal, xavierUniform, zeros } from "../layers/init.ts";
import { LayerNorm } from "../layers/layer_norm.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { MultiheadAttention } from "../layers/multihead_attention.ts";
import { checkMultiple, checkPositive, checkRange } from "../layers/options.ts";
import { renamed } from "../layers/renamed.ts";
import { Sequential } from "../layers/sequential.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRoom } from "./room.ts";

export interface VisionTransformerOptions extends InitOptions {
  /** Height and width of x; a multiple of `patchSize`. Default 224. */
  readonly imageSize?: number;
  /** Height and width of a patch. Default 16. */
  readonly patchSize?: number;
  /** Default 12. */
  readonly layers?: number;
  /** Default 12. */
  readonly heads?: number;
  /** Width of a token inside; a multiple of `heads`. Default 768. */
  readonly d?: number;
  /** Width of the perceptrons' hidden layer. Default 4 d. */
  readonly mlp?: number;
  /** Default 1000. */
  readonly numClasses?: number;
  /** Channels of x. Default 3. */
  readonly inChannels?: number;
  /** Of tokens, perceptrons and what a block adds. Default 0. */
  readonly dropout?: number;
  /** Of attention weights. Default 0. */
  readonly attentionDropout?: number;
}

type Sizes = Required<Omit<VisionTransformerOptions, keyof InitOptions>>;

const EPS = 1e-6; // of layer norms: not PyTorch's default

/** [b, t, d] -> the same */
class Block extends Module {
  readonly ln1: LayerNorm;
  readonly attention: MultiheadAttention;
  readonly dropout: Dropout;
  readonly ln2: LayerNorm;
  readonly mlp: Sequential;

  constructor({ d, heads, mlp, dropout, attentionDropout }: Sizes, { generator }: InitOptions) {
    super();
    this.ln1 = new LayerNorm(d, { eps: EPS });
    this.attention = new MultiheadAttention(d, heads, {
      dropout: attentionDropout,
      batchFirst: true,
      generator,
    });
    this.dropout = new Dropout(dropout);
    this.ln2 = new LayerNorm(d, { eps: EPS });
    const linear = (from: number, to: number) => {
      const layer = new Linear(from, to, { generator });
      xavierUniform(layer.weight, { generator });
      normal(layer.bias!, 0, 1e-6, { generator });
      return layer;
    };
    this.mlp = new Sequential(
      linear(d, mlp), // [b, t, mlp]
      new GELU(),
      new Dropout(dropout),
      linear(mlp, d), // [b, t, d]
      new Dropout(dropout),
    );
  }

  forward(x: Tensor): Tensor {
    const a = this.ln1.forward(x); // [b, t, d]
    const y = add(this.dropout.forward(this.attention.forward(a, a, a)), x); // [b, t, d]
    return add(y, this.mlp.forward(this.ln2.forward(y)));
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return renamed(super.members(), { ln1: "ln_1", attention: "self_attention", ln2: "ln_2" });
  }
}

/** tokens [b, t, d] -> the same, behind the last norm */
class Encoder extends Module {
  readonly positions: Parameter; // pos_embedding [1, t, d]
  readonly dropout: Dropout;
  readonly blocks: readonly Block[]; // layers.encoder_layer_0 ...
  readonly ln: LayerNorm;

  constructor(sizes: Sizes, { generator }: InitOptions) {
    super();
    const { imageSize, patchSize, layers, d, dropout } = sizes;
    this.positions = constantParameter([1, 1 + (imageSize / patchSize) ** 2, d], 0);
    normal(this.positions, 0, 0.02, { generator });
    this.dropout = new Dropout(dropout);
    this.blocks = Array.from({ length: layers }, () => new Block(sizes, { generator }));
    this.ln = new LayerNorm(d, { eps: EPS });
  }

  forward(tokens: Tensor): Tensor {
    let x = this.dropout.forward(add(tokens, this.positions)); // [b, t, d]
    for (const block of this.blocks) x = block.forward(x); // [b, t, d]
    return this.ln.forward(x); // [b, t, d]
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    for (const [key, member] of renamed(super.members(), { positions: "pos_embedding" })) {
      if (key !== "blocks") yield [key, member];
      else for (const [i, block] of this.blocks.entries()) yield [`layers.encoder_layer_${i}`, block];
    }
  }
}

/**
 * x [b, inChannels, imageSize, imageSize] -> logits [b, numClasses] (torchvision.models.VisionTransformer). 86,567,656
 * parameters by default: ViT-B/16.
 *
 * Initial values as torchvision's: the patches' weights N(0, 1 / fanIn), positions N(0, 0.02^2), those of the blocks Glorot
 * uniform, the head 0.
 *
 * @throws OptionError for sizes that are no positive integers, an image smaller than a patch or no multiple of it, d no
 *   multiple of heads, dropout out of range; LimitError where a perceptron exceeds what the adapter binds
 */
export class VisionTransformer extends Module {
  readonly classToken: Parameter; // class_token [1, 1, d]
  readonly patches: Conv2d; // conv_proj
  readonly encoder: Encoder;
  readonly head: Linear; // heads.head
  readonly #shape: readonly number[];

  constructor(options: VisionTransformerOptions = {}) {
    super();
    const sizes = sizesOf(options);
    const { imageSize, patchSize, d, numClasses, inChannels } = sizes;
    const { generator } = options;
    this.classToken = constantParameter([1, 1, d], 0);
    this.patches = new Conv2d(inChannels, d, { kernelSize: patchSize, stride: patchSize, generator });
    const std = 1 / Math.sqrt(inChannels * patchSize * patchSize);
    truncNormal(this.patches.weight, 0, std, -2, 2, { generator });
    zeros(this.patches.bias!);
    this.encoder = new Encoder(sizes, { generator });
    this.head = new Linear(d, numClasses, { generator });
    zeros(this.head.weight);
    zeros(this.head.bias!);
    this.#shape = [inChannels, imageSize, imageSize];
  }

  forward(x: Tensor): Tensor {
    if (x.rank !== 4 || this.#shape.some((size, i) => size !== x.shape[i + 1])) {
      throw new ShapeError(
        `VisionTransformer: x must be [b, ${this.#shape.join(", ")}], x ${formatShape(x.shape)}`,
      );
    }
    const patches = transpose(flatten(this.patches.forward(x), 2), 1, 2); // [b, patches, d]
    const token = broadcastTo(this.classToken, [x.shape[0], 1, patches.shape[2]]); // [b, 1, d]
    const y = this.encoder.forward(cat([token, patches], 1)); // [b, 1 + patches, d]
    return this.head.forward(select(y, 1, 0)); // [b, numClasses]
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return renamed(super.members(), { classToken: "class_token", patches: "conv_proj", head: "heads.head" });
  }
}

function sizesOf(options: VisionTransformerOptions): Sizes {
  const { imageSize = 224, patchSize = 16, layers = 12, heads = 12, d = 768, mlp = 4 * d } = options;
  const { numClasses = 1000, inChannels = 3, dropout = 0, attentionDropout = 0 } = options;
  const name = "VisionTransformer";
  const counts = { imageSize, patchSize, layers, heads, d, mlp, numClasses, inChannels };
  checkPositive(name, counts);
  if (imageSize < patchSize)
    throw new OptionError(`${name}: imageSize must be at least patchSize, got ${imageSize} and ${patchSize}`);
  checkMultiple(name, { imageSize }, { patchSize });
  checkMultiple(name, { d }, { heads });
  checkRoom(name, { "encoder.layers.encoder_layer_0.mlp.0.weight": [mlp, d] });
  checkRange(name, "dropout", dropout, 0, 1);
  checkRange(name, "attentionDropout", attentionDropout, 0, 1);
  return { ...counts, dropout, attentionDropout };
}

/** ViT-B/16: 86,567,656 parameters (torchvision.models.vit_b_16). */
export const vitB16 = (options?: VisionTransformerOptions): VisionTransformer =>
  new VisionTransformer(options);

/** ViT-S/16 (Touvron et al. 2021): 22,050,664 parameters. */
export const vitS16 = (options: VisionTransformerOptions = {}): VisionTransformer =>
  new VisionTransformer({ d: 384, heads: 6, ...options });

/** ViT-Ti/16 (Touvron et al. 2021): 5,717,416 parameters. */
export const vitTi16 = (options: VisionTransformerOptions = {}): VisionTransformer =>
  new VisionTransformer({ d: 192, heads: 3, ...options });
