// Every line, by op.
import type { Refusals } from "../refusal.ts";
import { elementwise } from "./elementwise.ts";
import { folds } from "./folds.ts";
import { layers } from "./layers.ts";
import { losses } from "./losses.ts";
import { moves } from "./moves.ts";

export const refusals: Readonly<Record<string, Refusals>> = {
  ...elementwise,
  ...folds,
  ...moves,
  ...layers,
  ...losses,
};
