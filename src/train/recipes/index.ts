// The training jobs by name. A recipe is a file beside this one, loaded only when it runs.
import { OptionError } from "../../gpu/errors.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";

export type { Recipe, RecipeFiles, RecipeOptions, RecipeProgress, RecipeResult } from "./runner/recipe.ts";

const recipes = {
  digits: async () => (await import("./digits.ts")).digits,
  pneumonia: async () => (await import("./pneumonia.ts")).pneumonia,
  fashion: async () => (await import("./fashion.ts")).fashion,
  vit: async () => (await import("./vit.ts")).vit,
  transfer: async () => (await import("./transfer.ts")).transfer,
  "char-lstm": async () => (await import("./char_lstm.ts")).charLstm,
  gpt: async () => (await import("./gpt.ts")).gpt,
  bert: async () => (await import("./bert.ts")).bert,
  activity: async () => (await import("./activity.ts")).activity,
  ecg: async () => (await import("./ecg.ts")).ecg,
  brain: async () => (await import("./brain.ts")).brain,
  membranes: async () => (await import("./membranes.ts")).membranes,
  spell: async () => (await import("./spell.ts")).spell,
  "gan-2d": async () => (await import("./gan_2d.ts")).gan2d,
  "gan-digits": async () => (await import("./gan_digits.ts")).ganDigits,
  "cgan-digits": async () => (await import("./cgan_digits.ts")).cganDigits,
} satisfies Record<string, () => Promise<Recipe>>;

/** Names of all recipes. */
export const RECIPE_NAMES = Object.keys(recipes) as (keyof typeof recipes)[];

/** A name from outside. Throws OptionError listing the names there are. */
export function recipeName(name: string): keyof typeof recipes {
  const known = RECIPE_NAMES.find((r) => r === name);
  if (known) return known;
  throw new OptionError(`train: recipe must be one of ${RECIPE_NAMES.join(", ")}, got ${name}`);
}

/** Runs a recipe by name. Throws OptionError for an unknown name. */
export async function runRecipe(name: string, options: RecipeOptions): Promise<RecipeResult> {
  const recipe = await recipes[recipeName(name)]();
  return recipe.run(options);
}
