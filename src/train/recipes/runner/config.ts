// The settings of a run: the recipe's own, those of its small form, and what the command was told. A resumed run keeps its own.

import { OptionError } from "../../../gpu/errors.ts";
import { readProgress } from "../../checkpoint.ts";
import type { RecipeOptions } from "./recipe.ts";

/** Plain JSON. */
export type Config = Record<string, number | string> & { seed: number };

const GIVEN = ["epochs", "steps", "batch", "lr", "seed"] as const;

/**
 * @throws OptionError for a setting that the recipe does not have, and for one that differs from the run to resume
 */
export function configure<C extends Config>(
  recipe: string,
  options: RecipeOptions,
  resumed: Uint8Array | null,
  defaults: C,
  small: Partial<C>,
): C {
  const config: Config = { ...defaults, ...(options.small ? small : {}) };
  const saved = resumed ? readProgress(resumed).config : null;
  for (const key of Object.keys(config)) {
    if (saved && key in saved) config[key] = saved[key] as Config[string];
  }
  for (const key of GIVEN) {
    const given = options[key];
    if (given === undefined) continue;
    if (!(key in defaults)) {
      const has = GIVEN.filter((k) => k in defaults).map((k) => `--${k}`);
      throw new OptionError(`--${key}: the recipe ${recipe} has no such setting; it has ${has.join(", ")}`);
    }
    if (saved && saved[key] !== given) {
      throw new OptionError(`--${key}: the run to resume has ${saved[key]}; it cannot go on with ${given}`);
    }
    config[key] = given;
  }
  return config as C;
}
