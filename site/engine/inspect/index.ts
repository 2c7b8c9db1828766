// What the worker asks of the Inspector: an element of the run's retained step, and the ladder of a convolution.

import { INPUT } from "../batches.ts";
import { checkLayers } from "../layers.ts";
import type { ElementRef, Inspection, SteppedInvocation } from "../protocol.ts";
import type { Views } from "../views.ts";
import { inspect as inspectStep } from "./inspect.ts";
import { type Rung, ladder as timeLadder } from "./ladder.ts";
import { steppedInvocation } from "./stepped.ts";

/** Runs the next training step in the retained variant, or opens the last one `again`. */
export async function inspect(views: Views, ref: ElementRef, again: boolean): Promise<Inspection> {
  const held = again ? views.run.retained : null;
  return inspectStep(held ?? (await views.retainedStep()), ref);
}

/** Of the step that was opened last. */
export async function invocation(
  views: Views,
  ref: ElementRef,
  at: number,
): Promise<SteppedInvocation | string> {
  const { retained } = views.run;
  return retained ? steppedInvocation(retained, ref, at) : "The step is gone: open the element again.";
}

/** Of a convolution of the run, with its batch. The run rests meanwhile. */
export function ladder(views: Views, layer: number): Promise<Rung[]> {
  return views.run.exclusive(async () => {
    const { network, config } = views.run;
    const spec = config.layers[layer];
    if (spec?.kind !== "conv") throw new RangeError(`ladder: layer ${layer} is no convolution`);
    const checked = checkLayers(config.layers, INPUT, 0).layers[layer];
    return timeLadder(network.device, spec, [network.batch, ...checked.input!]);
  });
}
