// Details of the chosen layer: one map enlarged with the sliding window, the weights, the ladder of the kernels.

import { info } from "../../engine/session.ts";
import { BigMap } from "./big_map.tsx";
import { Ladder } from "./ladder.tsx";
import { SlidingWindow } from "./sliding_window.tsx";
import { chosen, shown } from "./state.ts";
import { Weights } from "./weights_panel.tsx";
import { slides } from "./windows.ts";
import { layerName } from "./words.ts";

export function Details() {
  const layer = chosen.value;
  const map = shown.value!.layers[layer + 1];
  const spec = info.value?.config.layers[layer];
  if (!map || !spec) return null;
  return (
    <section class="details" aria-labelledby="details-title">
      <h2 id="details-title" tabIndex={-1}>
        {layerName(map)}
      </h2>
      {slides(spec) ? <SlidingWindow layer={layer} spec={spec} /> : <BigMap layer={layer} />}
      {map.weight && <Weights layer={layer} />}
      {spec.kind === "conv" && <Ladder key={layer} layer={layer} />}
    </section>
  );
}
