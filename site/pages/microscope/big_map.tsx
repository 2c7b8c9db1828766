// One map of a layer, enlarged. The cursor is the page's.

import { useMemo } from "preact/hooks";
import { scaleOf } from "../../parts/colours.ts";
import { inspect } from "../../parts/inspector/open.ts";
import { MapCanvas } from "../../parts/map_canvas.tsx";
import { Legend } from "./legend.tsx";
import { cursor, shown } from "./state.ts";
import { cellsOf, indexOf, viewAt } from "./view.ts";
import { describeCell, layerName } from "./words.ts";

const TILE = 224;

export function BigMap({ layer }: { layer: number }) {
  const { layers } = shown.value!;
  const map = layers[layer + 1];
  const at = cursor.value;
  const view = useMemo(() => viewAt(layers, layer), [layers, layer]);
  const own = at.layer === layer ? Math.min(at.cell.map, view.maps - 1) : 0;
  const scale = useMemo(() => scaleOf(map.values), [map]);
  const area = view.height * view.width;
  const cells = useMemo(
    () => cellsOf(map.values, view).subarray(own * area, (own + 1) * area),
    [map, view, own],
  );
  const cell = useMemo(
    () => (at.layer === layer ? { ...at.cell, map: 0 } : null),
    [at.layer === layer, at.cell],
  );
  return (
    <div class="panel">
      <h3>{view.maps > 1 ? `Map ${own} of 0 to ${view.maps - 1}` : "Output"}</h3>
      {view.maps > 1 && (
        <label class="row small">
          Map
          <input
            type="number"
            class="narrow"
            min={0}
            max={view.maps - 1}
            value={own}
            onChange={({ currentTarget: { valueAsNumber: chosen } }) => {
              if (!Number.isInteger(chosen) || chosen < 0 || chosen >= view.maps) return;
              const place = at.layer === layer ? at.cell : { y: 0, x: 0 };
              cursor.value = { layer, cell: { y: place.y, x: place.x, map: chosen } };
            }}
          />
        </label>
      )}
      <MapCanvas
        values={cells}
        height={view.height}
        width={view.width}
        label={`Output of ${layerName(map)}${view.maps > 1 ? `, map ${own}` : ""}, enlarged`}
        scale={scale}
        tile={TILE}
        bars={view.bars}
        cursor={cell}
        onCursor={({ y, x }) => {
          cursor.value = { layer, cell: { map: own, y, x } };
        }}
        onPick={({ y, x }) => {
          const index = indexOf(map.shape, view, { map: own, y, x });
          inspect({ layer, tensor: "output", index: [0, ...index] });
        }}
        describe={({ y, x }, value) => describeCell(map, indexOf(map.shape, view, { map: own, y, x }), value)}
      />
      <Legend scale={scale} />
    </div>
  );
}
