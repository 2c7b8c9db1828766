// Every layer's output as a strip of maps or bars, and the loss behind them.

import { useMemo } from "preact/hooks";
import type { LayerMap } from "../../engine/protocol.ts";
import type { Cell } from "../../parts/atlas.ts";
import { scaleOf } from "../../parts/colours.ts";
import { inspect } from "../../parts/inspector/open.ts";
import { MapCanvas } from "../../parts/map_canvas.tsx";
import { reducedMotion } from "../../parts/motion.ts";
import { narrow } from "../../parts/narrow.ts";
import { Legend } from "./legend.tsx";
import { LossStrip } from "./loss_strip.tsx";
import { channel, chosen, cursor, shown, sliding } from "./state.ts";
import { cellsOf, indexOf, type View, viewAt } from "./view.ts";
import { about, describeCell, layerName } from "./words.ts";

const TILE = 56;
/** Many maps are smaller on a narrow screen, so that they are seen together. */
const SMALL_TILE = 38;
const MANY = 8;

export function LayerList() {
  const layers = shown.value!.layers;
  const at = cursor.value;
  const key = layers.map((l) => l.text).join();
  const views = useMemo(() => layers.slice(1).map((_, i) => viewAt(layers, i)), [key]);
  return (
    <section aria-labelledby="layers-title" class="layers">
      <h2 id="layers-title">Layers</h2>
      <ol>
        {layers.slice(1).map((map, i) => (
          <LayerStrip
            key={`${i} ${map.text}`}
            map={map}
            view={views[i]}
            cell={at.layer === i ? at.cell : null}
            open={chosen.value === i}
          />
        ))}
        <LossStrip />
      </ol>
    </section>
  );
}

interface StripProps {
  readonly map: LayerMap;
  readonly view: View;
  readonly cell: Cell | null;
  readonly open: boolean;
}

/** On a narrow screen they stand far below. */
function goToDetails(): void {
  const title = document.getElementById("details-title");
  title?.scrollIntoView();
  title?.focus({ preventScroll: true });
}

/** Drawn again only where something of it changed: the cursor moves often. */
function LayerStrip({ map, view, cell, open }: StripProps) {
  return useMemo(() => <Strip {...{ map, view, cell, open }} />, [map, view, cell, open]);
}

function Strip({ map, view, cell, open }: StripProps) {
  const scale = useMemo(() => scaleOf(map.values), [map]);
  const cells = useMemo(() => cellsOf(map.values, view), [map, view]);
  const index = (c: Cell) => indexOf(map.shape, view, c);
  return (
    <li class="panel strip">
      <div class="strip-head">
        <h3>{layerName(map)}</h3>
        <span class="small muted">
          [{map.shape.join(", ")}] · {about(map.text)}
        </span>
        <button
          type="button"
          class="small"
          aria-pressed={open}
          onClick={() => {
            chosen.value = map.layer;
            channel.value = 0;
            if (cursor.value.layer !== map.layer)
              cursor.value = { layer: map.layer, cell: { map: 0, y: 0, x: 0 } };
            sliding.value = !reducedMotion();
            if (narrow.value) goToDetails();
          }}
        >
          Details<span class="visually-hidden"> of layer {map.layer + 1}</span>
        </button>
      </div>
      <MapCanvas
        values={cells}
        maps={view.maps}
        height={view.height}
        width={view.width}
        label={`Output of ${layerName(map)}, ${view.maps > 1 ? `${view.maps} maps of ${view.height} by ${view.width}` : `${view.count} numbers`}`}
        scale={scale}
        tile={view.maps === 1 ? 4 * TILE : narrow.value && view.maps > MANY ? SMALL_TILE : TILE}
        bars={view.bars}
        cursor={cell}
        onCursor={(next) => {
          cursor.value = { layer: map.layer, cell: next };
        }}
        onPick={(picked) => {
          chosen.value = map.layer;
          inspect({ layer: map.layer, tensor: "output", index: [0, ...index(picked)] });
        }}
        describe={(c, value) => describeCell(map, index(c), value)}
        hideText
      />
      <Legend scale={scale} />
    </li>
  );
}
