// Param groups of a model by the paths of its parameters.

import { OptionError } from "../gpu/errors.ts";
import { pathFits } from "../gpu/label.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A group to be: `match` as in `Module.requiresGrad_`; what else is there goes to the optimizer. */
export interface GroupRule {
  readonly match?: string | RegExp;
}

/**
 * Groups for an optimizer, each parameter in the first whose `match` fits its path: a pattern found in it, or the path of a module
 * above it. A rule without `match` takes the rest. Frozen parameters are left out.
 *
 *   new Adam(parameterGroups(model, [{ match: "fc", lr: 1e-3 }, { lr: 1e-4 }]))
 *
 * @throws OptionError if a rule is left without parameters, or a parameter without a rule
 */
export function parameterGroups<R extends GroupRule>(
  model: { namedParameters(): (readonly [string, Tensor])[] },
  rules: readonly R[],
): ({ params: Tensor[] } & Omit<R, "match">)[] {
  const lists = rules.map((): Tensor[] => []);
  const lost: string[] = [];
  for (const [name, p] of model.namedParameters()) {
    if (!p.requiresGrad) continue;
    const at = rules.findIndex(({ match }) => match === undefined || pathFits(name, match));
    if (at < 0) lost.push(name);
    else lists[at].push(p);
  }
  if (lost.length > 0) throw new OptionError(`parameterGroups: no group for ${lost.join(", ")}`);
  const empty = lists.findIndex((list) => list.length === 0);
  if (empty >= 0)
    throw new OptionError(`parameterGroups: no parameter for ${rules[empty].match ?? "the rest"}`);
  return rules.map(({ match: _, ...rest }, i) => ({ ...rest, params: lists[i] }));
}
