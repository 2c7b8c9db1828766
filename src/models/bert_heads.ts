// BERT with a head: for masked words (BertForMaskedLM) and for classes of whole texts (BertForSequenceClassification), under
// Hugging Face's keys.

import { gelu } from "../kernels/activation.ts";
import { constantParameter } from "../layers/defaults.ts";
import { Dropout } from "../layers/dropout.ts";
import type { InitOptions } from "../layers/init.ts";
import type { LayerNorm } from "../layers/layer_norm.ts";
import type { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { renamed } from "../layers/renamed.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Bert, type BertInputs, type BertOptions, bertLinear, bertNorm } from "./bert.ts";
import { TiedLinear } from "./tied_linear.ts";

/** hidden [b, t, d] -> logits [b, t, vocab] by the table of words, with a bias of its own */
class WordHead extends Module {
  readonly bias: Parameter; // [vocab]
  readonly dense: Linear;
  readonly norm: LayerNorm;
  readonly decoder: TiedLinear;

  constructor(words: Parameter, options: InitOptions) {
    super();
    const [vocab, d] = words.shape;
    this.bias = constantParameter([vocab], 0);
    this.dense = bertLinear(d, d, options);
    this.norm = bertNorm(d);
    this.decoder = new TiedLinear(words, this.bias);
  }

  forward(hidden: Tensor): Tensor {
    return this.decoder.forward(this.norm.forward(gelu(this.dense.forward(hidden)))); // [b, t, vocab]
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return renamed(super.members(), { dense: "transform.dense", norm: "transform.LayerNorm" });
  }
}

/**
 * ids i32 [b, t] -> logits [b, t, vocab] of the word at each place (Hugging Face's BertForMaskedLM): cross-entropy with labels
 * -100 where no word is masked. 109,514,298 parameters by default. The state dict has the table of words and the head's bias
 * twice.
 *
 * @throws OptionError as Bert
 */
export class BertForMaskedLM extends Module {
  readonly bert: Bert;
  readonly head: WordHead; // cls.predictions

  constructor(options: Omit<BertOptions, "pooler"> = {}) {
    super();
    this.bert = new Bert({ ...options, pooler: false });
    this.head = new WordHead(this.bert.words.weight, options);
  }

  forward(ids: Tensor, inputs?: BertInputs): Tensor {
    return this.head.forward(this.bert.forward(ids, inputs).hidden); // [b, t, vocab]
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return renamed(super.members(), { head: "cls.predictions" });
  }
}

export interface BertClassifierOptions extends Omit<BertOptions, "pooler"> {
  /** Default 2. */
  readonly numClasses?: number;
  /** In front of the classifier. Default `dropout`. */
  readonly classifierDropout?: number;
}

/**
 * ids i32 [b, t] -> logits [b, numClasses], a linear map of what is pooled (Hugging Face's BertForSequenceClassification).
 * 109,483,778 parameters by default.
 *
 * @throws OptionError as Bert; for numClasses that is no positive integer
 */
export class BertForSequenceClassification extends Module {
  readonly bert: Bert;
  readonly dropout: Dropout;
  readonly classifier: Linear;

  constructor(options: BertClassifierOptions = {}) {
    super();
    const { numClasses = 2, dropout = 0.1, classifierDropout = dropout } = options;
    checkPositive("BertForSequenceClassification", { numClasses });
    this.bert = new Bert({ ...options, pooler: true });
    this.dropout = new Dropout(classifierDropout);
    this.classifier = bertLinear(this.bert.norm.normalizedShape[0]!, numClasses, options);
  }

  forward(ids: Tensor, inputs?: BertInputs): Tensor {
    return this.classifier.forward(this.dropout.forward(this.bert.forward(ids, inputs).pooled!)); // [b, numClasses]
  }
}
