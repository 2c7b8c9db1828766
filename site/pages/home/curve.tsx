// The loss and the accuracy of the run in one small picture: steps from left to right, means of the steps that share a pixel column.

import type { CurvePoint } from "../../engine/protocol.ts";

const WIDTH = 240;
const HEIGHT = 100;
const COLUMNS = 120;

export function Curve({ points, steps }: { points: readonly CurvePoint[]; steps: number }) {
  const last = points.at(-1);
  const binned = binsOf(points, steps);
  const most = Math.max(...binned.map((b) => b.loss), 1e-6);
  const label = last
    ? `Curves over ${last.step} of ${steps} steps: the loss began at ${fixed(points[0]!.loss)} and is ${fixed(last.loss)}; the accuracy is ${percent(last.accuracy)}.`
    : "Curves of loss and accuracy: no step yet.";
  const line = (value: (b: Bin) => number) =>
    binned
      .map((b, i) => `${i ? "L" : "M"}${((b.step / steps) * WIDTH).toFixed(1)} ${value(b).toFixed(1)}`)
      .join("");
  return (
    <>
      <svg
        class="home-curve"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        <path d={line((b) => 4 + (1 - b.accuracy) * (HEIGHT - 8))} style="stroke: var(--series-2)" />
        <path d={line((b) => 4 + (1 - b.loss / most) * (HEIGHT - 8))} style="stroke: var(--series-1)" />
      </svg>
      <p class="small muted">
        <span class="swatch" style="background: var(--series-1)" />
        loss, 0 to {fixed(most)} <span class="swatch" style="background: var(--series-2)" />
        accuracy, 0 to 100 %
      </p>
    </>
  );
}

interface Bin {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
}

export function binsOf(points: readonly CurvePoint[], steps: number): Bin[] {
  const width = Math.max(1, steps / COLUMNS);
  const bins: { step: number; loss: number; accuracy: number; count: number; at: number }[] = [];
  for (const { step, loss, accuracy } of points) {
    const at = Math.floor(step / width);
    const bin = bins.at(-1);
    if (bin?.at !== at) bins.push({ step, loss, accuracy, count: 1, at });
    else
      Object.assign(bin, {
        step,
        loss: bin.loss + loss,
        accuracy: bin.accuracy + accuracy,
        count: bin.count + 1,
      });
  }
  return bins.map(({ step, loss, accuracy, count }) => ({
    step,
    loss: loss / count,
    accuracy: accuracy / count,
  }));
}

export const fixed = (value: number): string => value.toFixed(value < 0.1 ? 4 : 3);
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
