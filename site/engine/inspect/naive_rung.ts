// The naive rung that gives an element, or the statistics that it hangs on, where the GPU's kernel cannot be run one thread alone.

import type { ElementRef, SteppedInvocation } from "../protocol.ts";
import { lossRung } from "./naive_loss.ts";
import { batchNormGradient, batchNormStatistics } from "./naive_norm.ts";
import { biasGradient, productRung } from "./naive_products.ts";
import { steppedRung } from "./rung.ts";
import type { Tensors } from "./tensors.ts";

/** Null where there is none: the kernels of the other layers run alone themselves. */
export function naiveRung(
  t: Tensors,
  ref: ElementRef,
  side: "forward" | "backward",
  kernel: string,
): SteppedInvocation | null {
  const rung = rungOf(t, ref, side, kernel);
  return rung && steppedRung(rung);
}

function rungOf(t: Tensors, ref: ElementRef, side: "forward" | "backward", kernel: string) {
  const kind = t.step.layers[ref.layer]?.kind;
  if (ref.layer === t.step.layers.length) return lossRung(t, ref);
  if (kind === "batchnorm") {
    if (ref.tensor !== "output") return batchNormGradient(t, ref);
    if (side === "forward") return /statistics|fold/.test(kernel) ? batchNormStatistics(t, ref) : null;
  }
  return ref.tensor === "bias" ? biasGradient(t, ref) : productRung(t, ref, side);
}
