// The invocation that wrote an element, with all that its bindings held: the dispatch's own where one thread did it alone, else that
// of the naive rung, which computes the same number with one thread an element.

import type { DispatchData, ElementRef, SteppedInvocation } from "../protocol.ts";
import { bindingData } from "./binding_data.ts";
import { statisticsDispatches } from "./dispatches.ts";
import { hasBarrier, invocationOf } from "./invocation.ts";
import { naiveRung } from "./naive_rung.ts";
import { placeOf } from "./places.ts";
import type { Numbers, RetainedStep } from "./retained_step.ts";
import { shaderViews } from "./shader_view.ts";
import { Tensors } from "./tensors.ts";

/** What a dispatch may have written of the element: its value, its gradient, the new weight. */
interface Target {
  readonly side: "forward" | "backward";
  readonly values: Numbers;
  readonly element: number;
}

/** @throws RangeError for a dispatch that the step does not have; a sentence where the element cannot be stepped */
export function steppedInvocation(
  step: RetainedStep,
  ref: ElementRef,
  at: number,
): SteppedInvocation | string {
  const data = bindingData(step, at);
  const view = shaderViews(step)[at];
  const t = new Tensors(step);
  const targets = targetsOf(t, ref);
  const found = findOutput(data, targets) ?? findSlab(step, data, ref);
  if (found && !unknownParams(data)) {
    const invocation = invocationOf(view, found.element, found.output);
    if (invocation) return { view, data, invocation, ...found, note: null };
  }
  const naive = naiveRung(t, ref, sideOf(t, ref, at), view.kernel);
  if (naive) return naive;
  if (unknownParams(data))
    return `${view.file} draws random numbers; where in their stream it stood is not kept, so it cannot be run again.`;
  if (!found)
    return `${view.file} prepares what a later dispatch makes the element from: no thread of it wrote the element.`;
  const why = hasBarrier(view.wgsl)
    ? "its threads wait for each other at barriers"
    : "several of its threads share the work";
  return `${view.file} cannot be run one invocation alone: ${why}.`;
}

function targetsOf(t: Tensors, { layer, tensor, index }: ElementRef): Target[] {
  if (layer === t.step.layers.length) return [lossTarget(t, index)];
  if (tensor !== "output") {
    const { shape, gradient } = t.parameter(layer, tensor)!;
    return [{ side: "backward", values: gradient, element: placeOf(shape, index) }];
  }
  const element = placeOf(t.shape(layer), index);
  const gradient = t.gradient(layer);
  const forward: Target = { side: "forward", values: t.output(layer).values, element };
  return gradient ? [forward, { side: "backward", values: gradient.values, element }] : [forward];
}

/** The mean of the batch, or the log-sum of a sample: behind the largest of each. */
function lossTarget(t: Tensors, [sample]: readonly number[]): Target {
  if (sample === undefined) return { side: "forward", values: t.loss().values, element: 0 };
  const { values } = t.step.kept.get("crossEntropy.stats")!;
  return { side: "forward", values, element: t.batch + sample };
}

type Found = Pick<SteppedInvocation, "output" | "element" | "value">;

/** The binding that holds one of the targets, number by number. */
function findOutput({ bindings }: DispatchData, targets: readonly Target[]): Found | null {
  for (const { values, element } of targets)
    for (const { name, access, after } of bindings) {
      if (access === "read" || after?.length !== values.length) continue;
      if (after.every((v, i) => v === values[i])) return { output: name, element, value: values[element] };
    }
  return null;
}

/** The optimizer writes all parameters side by side. */
function findSlab(step: RetainedStep, { at, bindings }: DispatchData, ref: ElementRef): Found | null {
  const place = step.parameters.findIndex((p) => p.layer === ref.layer && p.tensor === ref.tensor);
  const slab = step.program.dispatches[at].bindings.find((b) => b.name === "p" && b.access !== "read");
  if (place < 0 || !slab || slab.source.storage !== step.places[place].storage) return null;
  const start = (step.places[place].byteOffset - slab.source.byteOffset) / 4;
  const element = start + placeOf(step.parameters[place].shape, ref.index);
  return { output: "p", element, value: bindings.find((b) => b.name === "p")!.after![element] };
}

const unknownParams = ({ params }: DispatchData): boolean => params.some((p) => p.value === null);

/** Of a parameter every dispatch is the gradient's: the optimizer's own was found. */
function sideOf(t: Tensors, { layer, tensor }: ElementRef, at: number): Target["side"] {
  if (layer === t.step.layers.length) return "forward";
  if (tensor !== "output") return "backward";
  const forward = [...t.output(layer).madeBy, ...statisticsDispatches(t, layer)];
  return forward.includes(at) ? "forward" : "backward";
}
