// Where the element lies in its tensor, a field an axis: another sample, channel or place is one number away.

import type { Inspection } from "../../engine/protocol.ts";
import { inspect } from "./open.ts";
import "../bare.css";

/** Names of axes by tensor and rank, as the formulas have them. */
const AXES: Readonly<Record<string, readonly string[]>> = {
  output4: ["sample", "channel", "row", "column"],
  output2: ["sample", "feature"],
  output1: ["sample"],
  weight4: ["out", "in", "row", "column"],
  weight2: ["out", "in"],
};

export function PlaceFields({ inspection: { ref, shape } }: { inspection: Inspection }) {
  const names = AXES[`${ref.tensor}${shape.length}`] ?? shape.map((_, axis) => `axis ${axis}`);
  if (shape.length === 0) return null;
  return (
    <fieldset class="row bare places" aria-label="Place of the element">
      {shape.map((size, axis) => (
        <label key={names[axis]} class="field small">
          <span class="muted">
            {names[axis]} <span class="mono">/{size}</span>
          </span>
          <input
            type="number"
            min={0}
            max={size - 1}
            value={ref.index[axis]}
            onChange={({ currentTarget: { valueAsNumber: place } }) => {
              if (!Number.isInteger(place) || place < 0 || place >= size) return;
              inspect({ ...ref, index: ref.index.map((i, a) => (a === axis ? place : i)) });
            }}
          />
        </label>
      ))}
    </fieldset>
  );
}
