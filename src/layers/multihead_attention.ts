// Multi-head attention: y = concat_h(softmax(q_h k_h^T / sqrt(d)) v_h) W_o^T + b_o with q_h, k_h, v_h projected to d = embedDim /
// numHeads. The attention itself is fused: scaledDotProductAttention. Masks: multihead_mask.ts.

import { OptionError } from "../gpu/errors.ts";
import { broadcastTo } from "../kernels/broadcast.ts";
import { cat } from "../kernels/concat.ts";
import { linear } from "../kernels/linear.ts";
import { projectedAttention } from "../kernels/projected_attention.ts";
import { mean } from "../kernels/reduce.ts";
import { squeeze, unsqueeze } from "../kernels/reshape.ts";
import { split } from "../kernels/split.ts";
import { zeros as zerosOf } from "../tensor/create.ts";
import { type Parameter, parameter } from "../tensor/parameter.ts";
import { numel } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { constantParameter } from "./defaults.ts";
import { type InitOptions, xavierNormal, xavierUniform, zeros } from "./init.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { checkMultihead, combinedMask, type MultiheadMasks } from "./multihead_mask.ts";
import { checkPositive, checkRange } from "./options.ts";

export interface MultiheadAttentionOptions extends InitOptions {
  /** Probability with which a weight is dropped in training. Default 0. */
  readonly dropout?: number;
  /** Biases of all projections. Default true. */
  readonly bias?: boolean;
  /** Tensors are [batch, length, features] instead of [length, batch, features]. Default false. */
  readonly batchFirst?: boolean;
  /** Features of the keys and of the values. Default embedDim. */
  readonly kdim?: number;
  readonly vdim?: number;
  /** A learnt key and value, `bias_k` and `bias_v`, behind those of the sequence: every query may attend to it. Default false. */
  readonly biasKv?: boolean;
  /** A key and value of zeros behind all others. Default false. */
  readonly addZeroAttn?: boolean;
}

export interface MultiheadForwardOptions<N extends boolean = boolean> extends MultiheadMasks {
  /** Query i attends to keys 0 to i only. Default false. */
  readonly isCausal?: boolean;
  /** Also give the weights, computed unfused. Default false (PyTorch: true). */
  readonly needWeights?: N;
  /** The mean of the weights over heads, [b, t, s], not [b, h, t, s]. Default true. */
  readonly averageAttnWeights?: boolean;
}

/**
 * Multi-head attention (torch.nn.MultiheadAttention; Vaswani et al. 2017, section 3.2.2).
 *
 * Shapes: q [t, b, embedDim], k [s, b, kdim], v [s, b, vdim] -> [t, b, embedDim]; batch first with `batchFirst`; all without the
 * batch axis too. Weights have a column for `biasKv` and one for `addZeroAttn` behind the s keys. Initial values: projections Glorot
 * uniform, `bias_k` and `bias_v` Glorot normal, `out_proj.weight` as Linear, other biases 0.
 *
 * @throws OptionError unless the sizes are positive integers and embedDim is a multiple of numHeads
 */
export class MultiheadAttention extends Module {
  /** in_proj_weight [3 embedDim, embedDim]; or, where kdim or vdim differ, those of q, k and v. */
  readonly weights: readonly Parameter[];
  readonly bias: Parameter | null; // in_proj_bias [3 embedDim]
  readonly biasK: Parameter | null; // bias_k [1, 1, embedDim]
  readonly biasV: Parameter | null; // bias_v [1, 1, embedDim]
  readonly outProj: Linear;
  readonly #options: MultiheadAttentionOptions;

  constructor(
    readonly embedDim: number,
    readonly numHeads: number,
    options: MultiheadAttentionOptions = {},
  ) {
    super();
    const { dropout = 0, bias = true, kdim = embedDim, vdim = embedDim, generator } = options;
    checkPositive("MultiheadAttention", { embedDim, numHeads, kdim, vdim });
    checkRange("MultiheadAttention", "dropout", dropout, 0, 1);
    if (embedDim % numHeads !== 0) {
      const got = `${embedDim} and ${numHeads}`;
      throw new OptionError(`MultiheadAttention: embedDim must be a multiple of numHeads, got ${got}`);
    }
    const glorot = (key: string, ...shape: number[]) => {
      const p = this.registerParameter(
        key,
        parameter(shape, () => new Float32Array(numel(shape))),
      );
      xavierUniform(p, { generator });
      return p;
    };
    const joined = kdim === embedDim && vdim === embedDim;
    const apart = { q_proj_weight: embedDim, k_proj_weight: kdim, v_proj_weight: vdim };
    this.weights = joined
      ? [glorot("in_proj_weight", 3 * embedDim, embedDim)]
      : Object.entries(apart).map(([key, features]) => glorot(key, embedDim, features));
    this.bias = bias ? this.registerParameter("in_proj_bias", constantParameter([3 * embedDim], 0)) : null;
    const further = (key: string) => {
      const p = constantParameter([1, 1, embedDim], 0);
      return options.biasKv ? this.registerParameter(key, xavierNormal(p, { generator }) as Parameter) : null;
    };
    this.biasK = further("bias_k");
    this.biasV = further("bias_v");
    this.outProj = new Linear(embedDim, embedDim, { bias, generator });
    if (this.outProj.bias) zeros(this.outProj.bias);
    this.#options = options;
  }

  forward(q: Tensor, k: Tensor, v: Tensor, options?: MultiheadForwardOptions<false>): Tensor;
  forward(q: Tensor, k: Tensor, v: Tensor, options: MultiheadForwardOptions<true>): [Tensor, Tensor];
  forward(q: Tensor, k: Tensor, v: Tensor, o: MultiheadForwardOptions = {}): Tensor | [Tensor, Tensor] {
    const { batchFirst = false, dropout = 0, kdim = this.embedDim, vdim = this.embedDim } = this.#options;
    const sizes = checkMultihead({ q, k, v }, [this.embedDim, kdim, vdim], batchFirst);
    const extra = Number(this.biasK !== null) + Number(this.#options.addZeroAttn ?? false);
    const self = this.weights.length === 1 && q === k && q === v && extra === 0;
    const lift = (x: Tensor) => (x.rank === 2 ? unsqueeze(x, batchFirst ? 0 : 1) : x);
    const apart = () => this.extended(this.apart([q, k, v].map(lift)));
    const { y, weights } = projectedAttention(self ? this.joined(lift(q)) : apart(), {
      heads: this.numHeads,
      order: batchFirst ? "bthd" : "tbhd",
      mask: combinedMask(o, { ...sizes, h: this.numHeads, extra, device: q.device }),
      isCausal: o.isCausal && extra === 0, // else it is in the mask
      dropoutP: this.training ? dropout : 0,
      needWeights: o.needWeights,
    });
    const out = this.outProj.forward(q.rank === 2 ? squeeze(y, batchFirst ? 0 : 1) : y);
    if (!weights) return out;
    const shown = (o.averageAttnWeights ?? true) ? mean(weights, 1) : weights; // [b, t, s] or [b, h, t, s]
    return [out, q.rank === 2 ? squeeze(shown, 0) : shown];
  }

  /** The three projections of one tensor as one product: [.., 3 embedDim]. */
  private joined(x: Tensor): [Tensor] {
    return [linear(x, this.weights[0]!, this.bias)];
  }

  private apart(inputs: readonly Tensor[]): Tensor[] {
    const weights = this.weights.length === 1 ? split(this.weights[0]!, this.embedDim) : this.weights;
    const biases = this.bias ? split(this.bias, this.embedDim) : [];
    return inputs.map((x, i) => linear(x, weights[i]!, biases[i]));
  }

  /** Keys and values with the learnt one and the one of zeros behind them. */
  private extended([q, k, v]: readonly Tensor[]): Tensor[] {
    const { batchFirst = false, addZeroAttn = false } = this.#options;
    const [rows, batch] = batchFirst ? [1, 0] : [0, 1];
    const extend = (x: Tensor, bias: Tensor | null) => {
      const one = [1, 1, x.shape[2]!].with(batch, x.shape[batch]!);
      const longer = bias ? cat([x, broadcastTo(bias, one)], rows) : x;
      return addZeroAttn ? cat([longer, zerosOf(one, { device: x.device, dtype: x.dtype })], rows) : longer;
    };
    return [q!, extend(k!, this.biasK), extend(v!, this.biasV)];
  }

  /** PyTorch's key of the last projection. */
  protected override *members(): Iterable<readonly [string, unknown]> {
    for (const [name, member] of super.members()) yield [name === "outProj" ? "out_proj" : name, member];
  }

  protected override describe(): string {
    return `${this.embedDim}, ${this.numHeads}`;
  }
}
