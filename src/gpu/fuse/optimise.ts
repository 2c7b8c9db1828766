// From the dispatches of a trace to those that a program runs: without the dead, the constant and the spared copies, and
// with elementwise functions merged. Each pass is a list in, a list out; the values that leave the list stay the same.

import type { Dispatch } from "../dispatch.ts";
import type { PipelineCache } from "../pipeline.ts";
import { fuseChains } from "./chains.ts";
import { spareCopies } from "./copies.ts";
import { dropDead, splitConstant } from "./dead.ts";
import { gatesFirst } from "./gates.ts";
import type { Surroundings } from "./graph.ts";
import { momentsBehind } from "./moments.ts";
import { poolBehind } from "./pooled.ts";
import { fusePrologues } from "./prologues.ts";
import { seeThrough } from "./views.ts";

export interface Optimised {
  /** Run once, when the program is built. */
  readonly once: readonly Dispatch[];
  /** Run at every call. */
  readonly list: readonly Dispatch[];
}

export function optimise(
  dispatches: readonly Dispatch[],
  world: Surroundings,
  pipelines: PipelineCache,
  how: true | "all",
): Optimised {
  const { once, rest } = splitConstant(dropDead(dispatches, world), world);
  const chained = fuseChains(gatesFirst(seeThrough(rest, world), world), world);
  const loaded = fusePrologues(chained, world);
  // Another order of summation: deep batch-normalised networks amplify its rounding without bound.
  const summed = how === "all" ? momentsBehind(loaded, world) : loaded;
  const list = spareCopies(poolBehind(summed, world), world);
  const compiled = new Map(dispatches.map((d) => [d.options, d.pipeline]));
  const withPipeline = (d: Dispatch) => ({
    ...d,
    pipeline: compiled.get(d.options) ?? pipelines.get(d.shader, d.options),
  });
  return { once, list: list.map(withPipeline) };
}
