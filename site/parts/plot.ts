// A line chart of uPlot in the site's colours. Loaded when there is something to draw: the page is read before that.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Columns } from "./series.ts";

export interface PlotSeries {
  readonly name: string;
  /** A custom property of the style sheet: `--series-1`. */
  readonly colour: string;
  readonly dashed: boolean;
  readonly width: number;
  /** Dots too: for the few points of a validation curve. */
  readonly dots: boolean;
}

export interface Plot {
  set(columns: Columns): void;
  /** Draws again in the colours of now. */
  redraw(): void;
  resize(width: number): void;
  remove(): void;
}

interface PlotOptions {
  readonly series: readonly PlotSeries[];
  readonly width: number;
  readonly height: number;
  /** Range of the values where it is known: [0, 1] of an accuracy. */
  readonly range: readonly [number, number] | null;
  /** Place in the columns under the pointer; null: none. */
  readonly onCursor: (place: number | null) => void;
}

const FONT = "12px system-ui, sans-serif";

export function plot(target: HTMLElement, options: PlotOptions): Plot {
  const token = (name: string) => getComputedStyle(target).getPropertyValue(name).trim();
  const axis = (size: number): uPlot.Axis => ({
    stroke: () => token("--muted"),
    grid: { stroke: () => token("--line"), width: 1 },
    ticks: { stroke: () => token("--line"), width: 1 },
    font: FONT,
    size,
  });
  const chart = new uPlot(
    {
      width: options.width,
      height: options.height,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false },
        y: options.range ? { range: [...options.range] } : {},
      },
      axes: [axis(32), axis(46)],
      series: [{}, ...options.series.map((s) => drawn(s, token))],
      hooks: { setCursor: [(u) => options.onCursor(u.cursor.idx ?? null)] },
    },
    [[], ...options.series.map(() => [])],
    target,
  );
  return {
    set: ({ steps, values }) => chart.setData([steps, ...values]),
    redraw: () => chart.redraw(false),
    resize: (width) => chart.setSize({ width, height: options.height }),
    remove: () => chart.destroy(),
  };
}

function drawn(series: PlotSeries, token: (name: string) => string): uPlot.Series {
  return {
    label: series.name,
    stroke: () => token(series.colour),
    width: series.width,
    ...(series.dashed ? { dash: [6, 4] } : {}),
    spanGaps: true,
    points: { show: series.dots, size: 7, fill: () => token(series.colour) },
  };
}
