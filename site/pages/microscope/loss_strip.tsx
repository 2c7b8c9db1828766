// Behind the last layer: the loss that training makes smaller. It has no map, and opens in the Inspector like any number.

import { info, points } from "../../engine/session.ts";
import { short } from "../../parts/format.ts";
import { inspect } from "../../parts/inspector/open.ts";

export function LossStrip() {
  const layer = info.value?.config.layers.length;
  const loss = points.value.at(-1)?.loss;
  if (layer === undefined) return null;
  const open = (...index: number[]) => inspect({ layer, tensor: "output", index });
  return (
    <li class="panel strip">
      <h3>Loss</h3>
      <p class="small muted">
        {loss !== undefined && `${short(loss)} · `}mean cross entropy of the last layer's outputs and the
        labels
      </p>
      <div class="row">
        <button type="button" class="small" onClick={() => open()}>
          Inspect the loss
        </button>
        <button type="button" class="small" onClick={() => open(0)}>
          Inspect one sample
        </button>
      </div>
    </li>
  );
}
