// A factor of a term: its value, and its name as a button that opens it.

import { computed } from "@preact/signals";
import { checkLayers } from "../../engine/layers.ts";
import type { ElementRef, Factor } from "../../engine/protocol.ts";
import { info } from "../../engine/session.ts";
import { elementOf, refText } from "./links.ts";
import { exact } from "./numbers.ts";
import { inspect } from "./open.ts";

interface FactorProps {
  readonly factor: Factor;
  readonly element: ElementRef;
  readonly side: "why" | "back";
}

export function FactorView({ factor, element, side }: FactorProps) {
  const { layers, shapes } = layout.value;
  const ref = elementOf(factor.name, element, side, layers, shapes);
  return (
    <span class="factor mono">
      {ref ? (
        <button
          type="button"
          class="link"
          title={`Open ${refText(ref)}`}
          aria-label={`${factor.name}: open ${refText(ref)}`}
          onClick={() => inspect(ref)}
        >
          {factor.name}
        </button>
      ) : (
        factor.name
      )}{" "}
      {factor.name !== String(factor.value) && <span class="muted">{exact(factor.value)}</span>}
    </span>
  );
}

/** Layers of the run that is on, with the shapes between them. */
const layout = computed(() => {
  if (!info.value) return { layers: [], shapes: [] };
  const { config, inputShape, classes } = info.value;
  const checked = checkLayers(config.layers, inputShape, classes.length).layers;
  return { layers: config.layers, shapes: [inputShape, ...checked.map((l) => l.output ?? [])] };
});
