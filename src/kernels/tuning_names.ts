// The families that a tuning table may name, without their kernels: a host checks a table with this before the first op.

import { OptionError } from "../gpu/errors.ts";
import type { TuningEntries } from "../gpu/tuning_table.ts";
import { DEFAULT } from "../gpu/tuning_table.ts";
import { ATTENTION } from "./attention_choices.ts";
import { CONV_PASSES } from "./conv2d_choices.ts";
import { LAYER_NORM } from "./layer_norm_choices.ts";
import { MATMUL } from "./matmul_choices.ts";
import { RECURRENT } from "./recurrent_choices.ts";
import { REDUCE } from "./reduce_choices.ts";
import { SOFTMAX } from "./softmax_choices.ts";
import { type TuningFamily, unknownVariant } from "./tuning_family.ts";

type Names = Pick<TuningFamily<never>, "name" | "variants" | "knows">;

const FAMILIES: readonly Names[] = [
  MATMUL,
  ...Object.values(CONV_PASSES),
  ...Object.values(ATTENTION),
  ...Object.values(SOFTMAX),
  ...Object.values(LAYER_NORM),
  ...Object.values(RECURRENT),
  REDUCE,
];

/** Throws OptionError for a family or a variant that there is not, naming those that there are. */
export function checkEntries(name: string, entries: TuningEntries): void {
  for (const [family, classes] of Object.entries(entries)) {
    const known = FAMILIES.find((f) => f.name === family);
    if (!known) {
      const names = FAMILIES.map((f) => f.name).join(", ");
      throw new OptionError(`${name}: the family must be one of ${names}, got ${family}`);
    }
    for (const variant of Object.values(classes)) {
      if (variant !== DEFAULT && !known.knows(variant)) throw unknownVariant(name, known, variant);
    }
  }
}
