// Sequence to sequence: a GRU, in both directions if asked, reads the source; another writes the target, one token after the
// other, looking back at every step at what the first one read. Additive attention (Bahdanau et al. 2015): the state before a
// step chooses what the step reads, [e(y); c]. Multiplicative (Luong et al. 2015): the state behind it does, and
// h~ = tanh(W [c; h]) predicts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { tanh } from "../kernels/activation.ts";
import { argmax } from "../kernels/arg_reduce.ts";
import { lt } from "../kernels/compare.ts";
import { cat } from "../kernels/concat.ts";
import { transpose } from "../kernels/permute.ts";
import { type Lengths, lengthsTensor } from "../kernels/recurrent.ts";
import { reshape, unsqueeze } from "../kernels/reshape.ts";
import { narrow, select } from "../kernels/slice.ts";
import { where } from "../kernels/where.ts";
import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { GRU } from "../layers/gru.ts";
import type { InitOptions } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive, checkRange } from "../layers/options.ts";
import { arange, rand, tensor } from "../tensor/create.ts";
import { noGrad } from "../tensor/mode.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { AdditiveAlignment, type Memory, MultiplicativeAlignment } from "./alignment.ts";

export type AttentionKind = "additive" | "multiplicative";

export interface Seq2SeqOptions extends InitOptions {
  /** Different tokens of the source and of the target. */
  readonly sourceVocab: number;
  readonly targetVocab: number;
  /** Numbers a token is embedded in. Default 64. */
  readonly d?: number;
  /** Of both GRUs, and inside additive attention. Default 128. */
  readonly hidden?: number;
  /** Default 1. */
  readonly layers?: number;
  /** Read the source in both directions. Default true. */
  readonly bidirectional?: boolean;
  /** Default "additive". */
  readonly attention?: AttentionKind;
  /** Of embeddings, and between layers. Default 0. */
  readonly dropout?: number;
}

export interface Seq2SeqCall {
  /** Tokens of each source; those behind are padding. Default: all. */
  readonly lengths?: Lengths | null;
  /** Probability with which a step reads the given token, not the one predicted by the step before. Default 1. */
  readonly teacherForcing?: number;
}

export interface Seq2SeqOutput {
  readonly logits: Tensor; // [b, t, targetVocab]
  readonly weights: Tensor; // [b, t, s], what each step looked at
}

export interface GreedyOptions {
  /** Token that the target begins with, and the one that ends it. */
  readonly start: number;
  readonly end: number;
  /** Most tokens to write. Default 50. */
  readonly maxLength?: number;
  readonly lengths?: Lengths | null;
}

export interface Translation {
  /** Without start and end. */
  readonly tokens: number[];
  /** By written token, then source token. */
  readonly weights: Float32Array[];
}

type Sizes = Required<Omit<Seq2SeqOptions, keyof InitOptions>>;

interface Step extends Seq2SeqOutput {
  readonly state: Tensor; // [layers, b, hidden]
}

class Encoder extends Module {
  readonly embedding: Embedding;
  readonly dropout: Dropout;
  readonly rnn: GRU;
  /** From both directions' last states to the decoder's first. */
  readonly bridge: Linear | null;

  constructor({ sourceVocab, d, hidden, layers, bidirectional, dropout }: Sizes, options: InitOptions) {
    super();
    this.embedding = new Embedding(sourceVocab, d, options);
    this.dropout = new Dropout(dropout);
    const stack = { numLayers: layers, bidirectional, dropout, batchFirst: true };
    this.rnn = new GRU(d, hidden, { ...stack, ...options });
    this.bridge = bidirectional ? new Linear(2 * hidden, hidden, options) : null;
  }

  /** ids [b, s] -> [memory [b, s, directions hidden], state [layers, b, hidden]] */
  forward(ids: Tensor, lengths: Tensor | null): [memory: Tensor, state: Tensor] {
    const x = this.dropout.forward(this.embedding.forward(ids)); // [b, s, d]
    const [y, h] = this.rnn.forward(x, null, { lengths }); // h [layers directions, b, hidden]
    if (!this.bridge) return [y, h];
    const [n, b, hidden] = h.shape;
    const sides = transpose(reshape(h, [n / 2, 2, b, hidden]), 1, 2); // [layers, b, 2, hidden]
    return [y, tanh(this.bridge.forward(reshape(sides, [n / 2, b, 2 * hidden])))];
  }
}

abstract class Decoder extends Module {
  readonly embedding: Embedding;
  readonly dropout: Dropout;
  readonly rnn: GRU;
  abstract readonly attention: AdditiveAlignment | MultiplicativeAlignment;

  constructor({ targetVocab, d, hidden, layers, dropout }: Sizes, extra: number, options: InitOptions) {
    super();
    this.embedding = new Embedding(targetVocab, d, options);
    this.dropout = new Dropout(dropout);
    this.rnn = new GRU(d + extra, hidden, { numLayers: layers, dropout, batchFirst: true, ...options });
  }

  /** Tokens that are given, [b, t]. */
  abstract override forward(ids: Tensor, state: Tensor, memory: Memory): Step;

  protected read(ids: Tensor): Tensor {
    return this.dropout.forward(this.embedding.forward(ids)); // [b, t, d]
  }
}

class AdditiveDecoder extends Decoder {
  readonly attention: AdditiveAlignment;
  readonly head: Linear;

  constructor(sizes: Sizes, m: number, options: InitOptions) {
    super(sizes, m, options);
    const { hidden, targetVocab, d } = sizes;
    this.attention = new AdditiveAlignment(hidden, m, hidden, options);
    this.head = new Linear(hidden + m + d, targetVocab, options);
  }

  forward(ids: Tensor, state: Tensor, memory: Memory): Step {
    const x = this.read(ids); // [b, t, d]
    const seen: { read: Tensor; weights: Tensor }[] = [];
    for (let i = 0; i < ids.shape[1]; i++) {
      const token = narrow(x, 1, i, 1); // [b, 1, d]
      const { context, weights } = this.attention.forward(unsqueeze(select(state, 0, -1), 1), memory); // [b, 1, m]
      const [y, next] = this.rnn.forward(cat([token, context], 2), state); // y [b, 1, hidden]
      seen.push({ read: cat([y, context, token], 2), weights });
      state = next;
    }
    const all = cat(
      seen.map((s) => s.read),
      1,
    ); // [b, t, hidden + m + d]
    return {
      logits: this.head.forward(all),
      weights: cat(
        seen.map((s) => s.weights),
        1,
      ),
      state,
    };
  }
}

class MultiplicativeDecoder extends Decoder {
  readonly attention: MultiplicativeAlignment;
  readonly combine: Linear;
  readonly head: Linear;

  constructor(sizes: Sizes, m: number, options: InitOptions) {
    super(sizes, 0, options);
    const { hidden, targetVocab } = sizes;
    this.attention = new MultiplicativeAlignment(hidden, m, options);
    this.combine = new Linear(m + hidden, hidden, { ...options, bias: false });
    this.head = new Linear(hidden, targetVocab, options);
  }

  forward(ids: Tensor, state: Tensor, memory: Memory): Step {
    const [y, next] = this.rnn.forward(this.read(ids), state); // y [b, t, hidden]
    const { context, weights } = this.attention.forward(y, memory); // [b, t, m]
    const h = tanh(this.combine.forward(cat([context, y], 2))); // [b, t, hidden]
    return { logits: this.head.forward(h), weights, state: next };
  }
}

/**
 * Sources i32 [b, s] and targets i32 [b, t], the start token first -> { logits [b, t, targetVocab], weights [b, t, s] }, those
 * at token i predicting token i + 1. `translate` writes targets by itself. Initial values as of the layers.
 *
 * @throws OptionError for sizes that are no positive integers, dropout or teacherForcing out of range, an attention that there is
 *   not; ShapeError, in forward, unless both are [b, ...]
 */
export class Seq2Seq extends Module {
  readonly encoder: Encoder;
  readonly decoder: AdditiveDecoder | MultiplicativeDecoder;

  constructor(options: Seq2SeqOptions) {
    super();
    const sizes = sizesOf(options);
    const init = { generator: options.generator };
    this.encoder = new Encoder(sizes, init);
    const m = (sizes.bidirectional ? 2 : 1) * sizes.hidden;
    const decoders = { additive: AdditiveDecoder, multiplicative: MultiplicativeDecoder };
    this.decoder = new decoders[sizes.attention](sizes, m, init);
  }

  forward(source: Tensor, target: Tensor, { lengths, teacherForcing = 1 }: Seq2SeqCall = {}): Seq2SeqOutput {
    const given = `source ${formatShape(source.shape)}, target ${formatShape(target.shape)}`;
    if (source.rank !== 2 || target.rank !== 2 || source.shape[0] !== target.shape[0])
      throw new ShapeError(`Seq2Seq: source and target must be [b, s] and [b, t], ${given}`);
    checkRange("Seq2Seq", "teacherForcing", teacherForcing, 0, 1);
    const { memory, state } = this.read(source, lengths);
    if (teacherForcing < 1) return this.unforced(target, state, memory, teacherForcing);
    const { logits, weights } = this.decoder.forward(target, state, memory);
    return { logits, weights };
  }

  /**
   * Writes a target for each source, always the likeliest next token. Reads every step back: await it, not inside `compile`, and
   * after `eval()` if there is dropout.
   */
  async translate(source: Tensor, options: GreedyOptions): Promise<Translation[]> {
    const { start, end, maxLength = 50, lengths } = options;
    checkPositive("Seq2Seq", { maxLength });
    const [b] = source.shape;
    const found: Translation[] = Array.from({ length: b }, () => ({ tokens: [], weights: [] }));
    const running = new Set(found.keys());
    const { memory, state: first } = noGrad(() => scope(() => this.read(source, lengths)));
    let state = first;
    let ids = tensor(new Int32Array(b).fill(start), { shape: [b, 1], device: source.device });
    for (let i = 0; i < maxLength && running.size > 0; i++) {
      const step = noGrad(() =>
        scope(() => {
          const { logits, weights, state: next } = this.decoder.forward(ids, state, memory);
          return { ids: argmax(logits, 2), weights, state: next };
        }),
      );
      const done = [ids, state, step.weights];
      ({ ids, state } = step);
      const [written, looked] = await Promise.all([step.ids.data(), step.weights.data()]);
      const s = looked.length / b;
      for (const k of running) {
        if (written[k] === end) running.delete(k);
        else {
          found[k].tokens.push(written[k]);
          found[k].weights.push((looked as Float32Array).slice(k * s, (k + 1) * s));
        }
      }
      for (const t of done) t.release("Seq2Seq.translate");
    }
    for (const t of [ids, state, ...Object.values(memory)]) t?.release("Seq2Seq.translate");
    return found;
  }

  private read(source: Tensor, lengths?: Lengths | null): { memory: Memory; state: Tensor } {
    const [b, s] = source.shape;
    const own = lengths ? lengthsTensor("Seq2Seq", lengths, s, b, source) : null; // [b]
    const [values, state] = this.encoder.forward(source, own);
    const steps = own && arange(0, s, 1, { dtype: "i32", device: source.device }); // [s]
    const readable = own && unsqueeze(lt(steps!, unsqueeze(own, 1)), 1); // [b, 1, s]
    return { memory: this.decoder.attention.memory(values, readable), state };
  }

  /** One step at a time, each told the given token or, with probability 1 - p, what the last one thought likeliest. */
  private unforced(target: Tensor, state: Tensor, memory: Memory, p: number): Seq2SeqOutput {
    const [b, t] = target.shape;
    const steps: Step[] = [];
    for (let i = 0; i < t; i++) {
      const given = narrow(target, 1, i, 1); // [b, 1]
      const last = steps.at(-1);
      const ids = last
        ? where(lt(rand([b, 1], { device: target.device }), p), given, argmax(last.logits, 2))
        : given;
      steps.push(this.decoder.forward(ids, last?.state ?? state, memory));
    }
    const whole = (of: "logits" | "weights") =>
      cat(
        steps.map((s) => s[of]),
        1,
      );
    return { logits: whole("logits"), weights: whole("weights") };
  }
}

function sizesOf(options: Seq2SeqOptions): Sizes {
  const { sourceVocab, targetVocab, d = 64, hidden = 128, layers = 1 } = options;
  const { bidirectional = true, attention = "additive", dropout = 0 } = options;
  checkPositive("Seq2Seq", { sourceVocab, targetVocab, d, hidden, layers });
  checkRange("Seq2Seq", "dropout", dropout, 0, 1);
  if (attention !== "additive" && attention !== "multiplicative")
    throw new OptionError(`Seq2Seq: attention must be additive or multiplicative, got ${attention}`);
  return { sourceVocab, targetVocab, d, hidden, layers, bidirectional, attention, dropout };
}
