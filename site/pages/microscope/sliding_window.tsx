// The window of a convolution or pooling at the cursor: patch times filter makes one cell of the output. It slides by itself on demand.

import { useEffect, useMemo } from "preact/hooks";
import { scaleOf } from "../../parts/colours.ts";
import { short } from "../../parts/inspector/numbers.ts";
import { MapCanvas } from "../../parts/map_canvas.tsx";
import { BigMap } from "./big_map.tsx";
import { channel, cursor, shown, sliding } from "./state.ts";
import { lookThrough, nextPosition, type WindowLayer, type WindowSight } from "./windows.ts";

const FRAME_MS = 250;

export function SlidingWindow({ layer, spec }: { layer: number; spec: WindowLayer }) {
  const { layers } = shown.value!;
  const [input, map] = [layers[layer], layers[layer + 1]];
  const at = cursor.value;
  const cell = at.layer === layer ? at.cell : { map: 0, y: 0, x: 0 };
  const conv = spec.kind === "conv";
  const own = conv ? Math.min(channel.value, input.shape[0] - 1) : cell.map;
  const seen = useMemo(() => lookThrough(spec, input, map, cell, own), [spec, input, map, cell, own]);

  useSliding(layer, map.shape);
  const [, h, w] = input.shape;
  const scale = useMemo(() => scaleOf(input.values), [input]);
  const area = h * w;
  const values = useMemo(() => input.values.subarray(own * area, (own + 1) * area), [input, own]);
  const boxes = useMemo(() => {
    const [top, left] = [Math.max(0, seen.top), Math.max(0, seen.left)];
    const [bottom, right] = [Math.min(h, seen.top + seen.kernel), Math.min(w, seen.left + seen.kernel)];
    return bottom > top && right > left ? [{ map: 0, top, left, bottom, right }] : [];
  }, [seen, h, w]);
  return (
    <div class="panel">
      <h3>The window</h3>
      <div class="row">
        <button
          type="button"
          aria-pressed={sliding.value}
          onClick={() => {
            sliding.value = !sliding.value;
          }}
        >
          {sliding.value ? "Stop" : "Slide"}
        </button>
        {conv && input.shape[0] > 1 && (
          <label class="row small">
            Input channel
            <input
              type="number"
              class="narrow"
              min={0}
              max={input.shape[0] - 1}
              value={own}
              onChange={({ currentTarget: { valueAsNumber: chosen } }) => {
                if (Number.isInteger(chosen) && chosen >= 0 && chosen < input.shape[0])
                  channel.value = chosen;
              }}
            />
          </label>
        )}
      </div>
      <div class="window-row">
        <figure>
          <MapCanvas
            values={values}
            height={h}
            width={w}
            label={`Input of the layer, channel ${own}, with the window`}
            scale={scale}
            tile={168}
            boxes={boxes}
          />
          <figcaption class="small muted">input, channel {own}</figcaption>
        </figure>
        <Products seen={seen} scale={scale} />
      </div>
      <Sum
        spec={spec}
        seen={seen}
        gpu={map.values[(cell.map * map.shape[1] + cell.y) * map.shape[2] + cell.x]}
      />
      <BigMap layer={layer} />
    </div>
  );
}

function Products({ seen, scale }: { seen: WindowSight; scale: ReturnType<typeof scaleOf> }) {
  const { kernel, patch, filter, products } = seen;
  const own = useMemo(() => filter && scaleOf(filter), [filter]);
  const of = useMemo(() => products && scaleOf(products), [products]);
  const shared = { height: kernel, width: kernel, tile: 84 };
  return (
    <>
      <figure>
        <MapCanvas {...shared} values={patch} scale={scale} label="Patch under the window" />
        <figcaption class="small muted">patch</figcaption>
      </figure>
      {filter && own && products && of && (
        <>
          <span class="sign" aria-hidden="true">
            ×
          </span>
          <figure>
            <MapCanvas {...shared} values={filter} scale={own} label="Filter" />
            <figcaption class="small muted">filter</figcaption>
          </figure>
          <span class="sign" aria-hidden="true">
            =
          </span>
          <figure>
            <MapCanvas {...shared} values={products} scale={of} label="Products of patch and filter" />
            <figcaption class="small muted">products</figcaption>
          </figure>
        </>
      )}
    </>
  );
}

function Sum({ spec, seen, gpu }: { spec: WindowLayer; seen: WindowSight; gpu: number }) {
  if (spec.kind !== "conv")
    return (
      <p class="small">
        {spec.kind === "maxpool" ? "The largest" : "The mean"} of the patch: <b>{short(seen.result)}</b>. The
        GPU has {short(gpu)}.
      </p>
    );
  return (
    <p class="small">
      Products of this channel: {short(seen.channelSum)}. Of all channels: {short(seen.sum)}. With the bias of{" "}
      {short(seen.bias)}: <b>{short(seen.result)}</b>. The GPU has {short(gpu)}.
    </p>
  );
}

/** Moves the cursor over the output, row by row, until it is stopped or taken to another layer. */
function useSliding(layer: number, shape: readonly number[]): void {
  const at = cursor.value;
  useEffect(() => {
    if (!sliding.value) return;
    if (at.layer !== layer) {
      sliding.value = false;
      return;
    }
    const timer = setTimeout(() => {
      cursor.value = { layer, cell: nextPosition(at.cell, shape) };
    }, FRAME_MS);
    return () => clearTimeout(timer);
  }, [sliding.value, at, layer]);
  useEffect(() => () => void (sliding.value = false), []);
}
