// Curves over the steps of a run, with a legend and the values under the pointer. The chart itself (plot.ts) is loaded with the
// first points; text beside it says the same to those who do not see it.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { dark } from "../frame/theme.ts";
import "./curves.css";
import type { Plot, PlotSeries } from "./plot.ts";
import { align, type Columns, type Point, thin } from "./series.ts";

export interface Curve extends PlotSeries {
  readonly points: readonly Point[];
  /** Not in the legend: what another entry speaks for. */
  readonly unlisted?: boolean;
}

interface CurvesProps {
  readonly title: string;
  /** What the picture shows, in a sentence. */
  readonly summary: string;
  readonly curves: readonly Curve[];
  readonly range?: readonly [number, number];
  readonly height?: number;
}

const MOST_POINTS = 600;
/** Between two drawings: curves grow ten times a second, eyes need less. */
const DRAW_MS = 250;

export function Curves({ title, summary, curves, range, height = 220 }: CurvesProps) {
  const target = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const [failed, setFailed] = useState(false);
  const shape = curves.map((c) => `${c.name}|${c.colour}|${c.dashed}`).join();
  const some = curves.some((c) => c.points.length > 0);
  const columns = useMemo<Columns>(() => align(curves.map((c) => thin(c.points, MOST_POINTS))), [curves]);
  const latest = useRef(columns);
  latest.current = columns;
  const chart = useRef<Plot | null>(null);
  const pending = useRef(0);

  useEffect(() => {
    const box = target.current;
    if (!some || !box) return;
    let gone = false;
    const sizes = new ResizeObserver(() => chart.current?.resize(box.clientWidth));
    import("./plot.ts").then(
      ({ plot }) => {
        if (gone) return;
        const options = { series: curves, width: box.clientWidth, height, range: range ?? null };
        chart.current = plot(box, { ...options, onCursor: setCursor });
        chart.current.set(latest.current);
        sizes.observe(box);
      },
      () => setFailed(true),
    );
    const stop = dark.subscribe(() => setTimeout(() => chart.current?.redraw()));
    return () => {
      gone = true;
      stop();
      sizes.disconnect();
      clearTimeout(pending.current);
      pending.current = 0;
      chart.current?.remove();
      chart.current = null;
    };
    // Points alone go into the chart that stands; other series need another one.
  }, [shape, some, height, range?.[0], range?.[1]]);

  useEffect(() => {
    if (pending.current !== 0) return;
    pending.current = window.setTimeout(() => {
      pending.current = 0;
      chart.current?.set(latest.current);
    }, DRAW_MS);
  }, [columns]);

  return (
    <figure class="curves">
      <figcaption>
        <h3>{title}</h3>
      </figcaption>
      <div
        ref={target}
        class="curves-plot"
        style={{ minHeight: `${height}px` }}
        role="img"
        aria-label={summary}
      >
        {!some && <p class="muted small">Nothing yet: the curve begins with the first steps.</p>}
        {failed && <p class="bad small">The chart could not be loaded; the numbers are in the text.</p>}
      </div>
      <Legend curves={curves} columns={columns} cursor={cursor} />
    </figure>
  );
}

function Legend({
  curves,
  columns,
  cursor,
}: {
  curves: readonly Curve[];
  columns: Columns;
  cursor: number | null;
}) {
  const at = cursor === null ? undefined : columns.steps[cursor];
  return (
    <ul class="legend small">
      {curves.map((curve, i) => {
        if (curve.unlisted) return null;
        const value = at === undefined ? null : columns.values[i]?.[cursor!];
        return (
          <li key={`${i} ${curve.name}`}>
            <span
              class="swatch"
              aria-hidden="true"
              style={{
                borderTop: `${curve.width + 1}px ${curve.dashed ? "dashed" : "solid"} var(${curve.colour})`,
              }}
            />
            {curve.name}
            {typeof value === "number" && <span class="mono"> {value.toPrecision(3)}</span>}
          </li>
        );
      })}
      {at !== undefined && <li class="muted">at step {at.toLocaleString("en")}</li>}
    </ul>
  );
}
