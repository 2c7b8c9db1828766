// What a picture becomes in the first layer: the picture, the weights, the maps that they make of it.

import type { LayerMap, LayerMaps } from "../../engine/protocol.ts";
import { info } from "../../engine/session.ts";
import { type Scale, scaleOf } from "../../parts/colours.ts";
import { MapCanvas } from "../../parts/map_canvas.tsx";
import { percent } from "./curve.tsx";

/** Weights of a flat first layer are shown as pictures, so many of them. */
const MOST_UNITS = 16;
const TILE = 84;
const MOST_IN_A_ROW = 8;

export function Layers({ maps }: { maps: LayerMaps }) {
  const input = maps.layers.find((l) => l.layer === -1);
  const first = maps.layers.find((l) => l.weight);
  const filters = first && filtersOf(first);
  const guess = maps.probabilities.indexOf(Math.max(...maps.probabilities));
  const name = info.value?.classes[guess] ?? String(guess);
  return (
    <>
      {input && (
        <>
          <h3>
            A test picture. The network says: {name}, {percent(maps.probabilities[guess] ?? 0)}
          </h3>
          <MapOf
            map={input}
            count={input.shape[0]!}
            label={`The picture that goes in. The network takes it for ${name}.`}
          />
        </>
      )}
      {first && filters && (
        <>
          <h3>
            First weights ({first.text}), step {maps.step}
          </h3>
          <MapCanvas
            {...filters}
            scale={scaleOf(filters.values)}
            tile={50}
            columns={MOST_IN_A_ROW}
            label={`Weights of ${first.text} after step ${maps.step}.`}
          />
        </>
      )}
      {first?.shape.length === 3 && (
        <>
          <h3>What they make of the picture</h3>
          <MapOf
            map={first}
            count={first.shape[0]!}
            label={`Feature maps of ${first.text} after step ${maps.step}.`}
          />
        </>
      )}
    </>
  );
}

function MapOf({ map, count, label }: { map: LayerMap; count: number; label: string }) {
  const [, height = 1, width = 1] = map.shape;
  const scale = map.layer < 0 ? greyOf(map.values) : scaleOf(map.values);
  return (
    <MapCanvas
      values={map.values}
      maps={count}
      height={height}
      width={width}
      label={label}
      scale={scale}
      tile={TILE}
      columns={count > MOST_IN_A_ROW / 2 ? MOST_IN_A_ROW : undefined}
    />
  );
}

/** The picture as it is, whatever it was standardised to. */
function greyOf(values: Float32Array): Scale {
  return { low: Math.min(...values), high: Math.max(...values), table: "grey" };
}

/** [o, c, k, k]: the first channel of each filter. [o, side * side]: weights as pictures. Else null. */
function filtersOf({
  weight,
}: LayerMap): { values: Float32Array; maps: number; height: number; width: number } | null {
  const [o = 0, c = 0, height, width] = weight!.shape;
  if (height !== undefined && width !== undefined) {
    const size = height * width;
    const values = new Float32Array(o * size);
    for (let i = 0; i < o; i++)
      values.set(weight!.values.subarray(i * c * size, i * c * size + size), i * size);
    return { values, maps: o, height, width };
  }
  const side = Math.sqrt(c);
  const maps = Math.min(o, MOST_UNITS);
  return Number.isInteger(side) && side > 3
    ? { values: weight!.values.subarray(0, maps * c), maps, height: side, width: side }
    : null;
}
