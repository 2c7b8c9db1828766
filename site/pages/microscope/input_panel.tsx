// The picture with the receptive field of the element under the cursor, that element in words, and what the network says.

import { useMemo } from "preact/hooks";
import { info } from "../../engine/session.ts";
import { Fold } from "../../parts/fold.tsx";
import { exact } from "../../parts/inspector/numbers.ts";
import { inspect } from "../../parts/inspector/open.ts";
import { MapCanvas } from "../../parts/map_canvas.tsx";
import { cursor, field, looked, shown } from "./state.ts";
import { describeCell } from "./words.ts";

export function InputPanel() {
  const { layers, probabilities, step } = shown.value!;
  const input = layers[0];
  const at = cursor.value;
  const seen = field.value;
  const scale = useMemo(() => {
    const { values } = input;
    let [low, high] = [Infinity, -Infinity];
    for (const v of values) [low, high] = [Math.min(low, v), Math.max(high, v)];
    return { low, high: high > low ? high : low + 1, table: "grey" as const };
  }, [input]);
  const boxes = useMemo(() => {
    if (!seen || at.layer < 0) return [];
    const maps = Array.from({ length: input.shape[0] }, (_, map) => ({ map, ...seen }));
    return maps;
  }, [seen, at.layer]);
  const found = looked.value;
  return (
    <section class="panel input-panel" aria-labelledby="input-title">
      <h2 id="input-title">Picture</h2>
      <MapCanvas
        values={input.values}
        maps={input.shape[0]}
        height={input.shape[1]}
        width={input.shape[2]}
        label={`Picture, ${input.shape[2]} by ${input.shape[1]}; the box is what the element under the cursor can see`}
        scale={scale}
        tile={252}
        boxes={boxes}
        cursor={at.layer === -1 ? at.cell : null}
        onCursor={(cell) => {
          cursor.value = { layer: -1, cell };
        }}
        onPick={(cell) => inspect({ layer: -1, tensor: "output", index: [0, cell.map, cell.y, cell.x] })}
        describe={(cell, value) => describeCell(input, [cell.map, cell.y, cell.x], value)}
        hideText
      />
      <div class="under-cursor">
        <h3>Under the cursor</h3>
        {found && (
          <p class="small">
            {describeCell(layers[at.layer + 1], found.index, found.value)}
            {seen && at.layer >= 0 && (
              <span class="muted">
                {" "}
                It sees rows {seen.top} to {seen.bottom - 1}, columns {seen.left} to {seen.right - 1} of the
                picture.
              </span>
            )}
          </p>
        )}
        <button type="button" disabled={!found} onClick={() => found && inspect(found.ref)}>
          Open in the Inspector
        </button>
      </div>
      <Verdict probabilities={probabilities} />
      <p class="small muted">Weights of step {step.toLocaleString("en")}, evaluation mode.</p>
    </section>
  );
}

function Verdict({ probabilities }: { probabilities: readonly number[] }) {
  const classes = info.value?.classes ?? [];
  const best = probabilities.indexOf(Math.max(...probabilities));
  return (
    <Fold
      heading={
        <h3>
          It says: {classes[best] ?? best} ({Math.round(100 * probabilities[best])}&nbsp;%)
        </h3>
      }
    >
      <table class="small verdict">
        <caption class="visually-hidden">Probability of each class</caption>
        <tbody>
          {probabilities.map((p, i) => (
            <tr key={classes[i] ?? i}>
              <th scope="row">{classes[i] ?? i}</th>
              <td class="bar-cell" aria-hidden="true">
                <span class="bar" style={{ width: `${100 * p}%` }} />
              </td>
              <td class="number" title={exact(p)}>
                {(100 * p).toFixed(1)} %
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Fold>
  );
}
