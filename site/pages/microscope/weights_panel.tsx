// The weights of the chosen layer as maps; one of them can be set, and what that does to the output is told.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Cell } from "../../parts/atlas.ts";
import { scaleOf } from "../../parts/colours.ts";
import { Fold } from "../../parts/fold.tsx";
import { exact } from "../../parts/inspector/numbers.ts";
import { inspect } from "../../parts/inspector/open.ts";
import { MapCanvas } from "../../parts/map_canvas.tsx";
import { EditWeight } from "./edit_weight.tsx";
import { Legend } from "./legend.tsx";
import { cursor, shown } from "./state.ts";
import { placeOf, viewAt } from "./view.ts";
import { weightIndex, weightView } from "./weights.ts";

export function Weights({ layer }: { layer: number }) {
  const { layers } = shown.value!;
  const map = layers[layer + 1];
  const at = cursor.value;
  const picked = useSignal<Cell>({ map: 0, y: 0, x: 0 });
  const own = at.layer === layer ? at.cell : null;
  const out = !own ? 0 : map.shape.length === 3 ? own.map : placeOf(viewAt(layers, layer), own);
  const shownWeights = useMemo(
    () => weightView(map, viewAt(layers, layer - 1), out),
    [map, layers, layer, out],
  );
  const scale = useMemo(() => scaleOf(map.weight!.values), [map]);
  useEffect(() => {
    picked.value = { map: 0, y: 0, x: 0 };
  }, [layer]);
  if (!shownWeights) return null;
  const { view, values, columns, words } = shownWeights;
  const { shape } = map.weight!;
  const cell = picked.value.map < view.maps ? picked.value : { map: 0, y: 0, x: 0 };
  const index = weightIndex(shape, shownWeights, cell);
  const name = (c: Cell) => `weight[${weightIndex(shape, shownWeights, c)?.join(", ")}]`;
  return (
    <div class="panel">
      <Fold heading={<h3>Weights</h3>}>
        <p class="small muted">Shown: {words}.</p>
        <MapCanvas
          values={values}
          maps={view.maps}
          height={view.height}
          width={view.width}
          columns={columns}
          bars={view.bars}
          label={`Weights of layer ${layer + 1}: ${words}`}
          scale={scale}
          tile={tileOf(view.maps)}
          cursor={cell}
          onCursor={(next) => {
            picked.value = next;
          }}
          onPick={(c) => {
            const place = weightIndex(shape, shownWeights, c);
            if (place) inspect({ layer, tensor: "weight", index: place });
          }}
          describe={(c, value) => `${name(c)} is ${exact(value)}.`}
        />
        <Legend scale={scale} />
        {index && <EditWeight layer={layer} index={index} value={values[placeOf(view, cell)]} />}
      </Fold>
    </div>
  );
}

/** Many filters are drawn smaller, so that they are seen together. */
function tileOf(maps: number): number {
  if (maps === 1) return 224;
  return maps > 128 ? 20 : maps > 32 ? 28 : 40;
}
