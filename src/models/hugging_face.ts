// Files of weights from the Hugging Face hub, whose keys differ with the class that wrote them and with its age: brought to
// those of a GPT-2 or BERT here. Values are not touched.

import { FormatError } from "../gpu/errors.ts";
import type { Module } from "../layers/module.ts";
import type { StateDict, StateValue } from "../layers/state_dict.ts";

/** In front of the body's keys in files of models with a head, not in those of the body alone. */
const BODIES = ["transformer.", "bert."];

/** What a file may hold that is no weight: causal masks, numbers of positions. */
const CONSTANTS = /(^|\.)(attn\.(masked_)?bias|embeddings\.position_ids)$/;

/** Heads of other tasks. */
const HEADS = [
  "lm_head.",
  "cls.predictions.",
  "cls.seq_relationship.",
  "classifier.",
  "score.",
  "qa_outputs.",
];
const POOLER = /(^|\.)pooler\./;

/** One tensor under two keys, of which files may have the second alone. */
const TIED = {
  "lm_head.weight": "transformer.wte.weight",
  "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
  "cls.predictions.decoder.bias": "cls.predictions.bias",
};

/**
 * The tensors of a file from the Hugging Face hub under the keys of `model`, for `model.loadStateDict`: a `Gpt2`, `Bert`,
 * `BertForMaskedLM` or `BertForSequenceClassification`.
 *
 * - `transformer.` or `bert.` in front of the body's keys is put there or taken away;
 * - `gamma` and `beta` of layer norms are `weight` and `bias`;
 * - tied heads that the file leaves out are there;
 * - causal masks, position numbers, and heads and poolers that the model does not have are left out.
 *
 * What else does not fit stays under its own key, for loadStateDict to report: with `strict: false` a new head is `missing`.
 *
 * @throws FormatError for two tensors of one key
 */
export function huggingFaceKeys(model: Module, dict: StateDict): Map<string, StateValue> {
  const wanted = new Set(model.stateDict().keys());
  const given =
    dict instanceof Map ? [...dict] : Object.entries<StateValue>(dict as Record<string, StateValue>);
  const found = new Map<string, StateValue>();
  for (const [name, value] of given) {
    const key = keyOf(name, wanted);
    if (key === null) continue;
    if (found.has(key)) throw new FormatError(`huggingFaceKeys: two tensors for ${key}, one of them ${name}`);
    found.set(key, value);
  }
  for (const [key, source] of Object.entries(TIED)) {
    const value = found.get(source);
    if (wanted.has(key) && !found.has(key) && value) found.set(key, value);
  }
  return found;
}

/** The model's key for a name in the file; null for what the model does without. */
function keyOf(name: string, wanted: ReadonlySet<string>): string | null {
  const modern = name
    .replace(/(LayerNorm|layer_norm)\.gamma$/, "$1.weight")
    .replace(/(LayerNorm|layer_norm)\.beta$/, "$1.bias");
  const bare = BODIES.reduce((key, body) => (key.startsWith(body) ? key.slice(body.length) : key), modern);
  const key = [modern, bare, ...BODIES.map((body) => body + bare)].find((k) => wanted.has(k));
  if (key !== undefined) return key;
  return isSurplus(bare, wanted) ? null : modern;
}

function isSurplus(bare: string, wanted: ReadonlySet<string>): boolean {
  if (CONSTANTS.test(bare)) return true;
  const has = (fits: (key: string) => boolean) => [...wanted].some(fits);
  if (POOLER.test(bare)) return !has((key) => POOLER.test(key));
  const head = HEADS.find((h) => bare.startsWith(h));
  return head !== undefined && !has((key) => key.startsWith(head));
}
