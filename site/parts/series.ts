// Points of several runs on one axis of steps, for a chart: thinned where there are more than a chart can show. Pure.

export interface Point {
  readonly step: number;
  readonly value: number;
}

/** Columns as uPlot takes them: steps first, then one column a series, null where it has no point. */
export interface Columns {
  readonly steps: number[];
  readonly values: (number | null)[][];
}

/** At most `most` points: means of neighbours, each at the last step of its group. NaN and infinite values are left out. */
export function thin(points: readonly Point[], most: number): Point[] {
  const finite = points.filter((p) => Number.isFinite(p.value));
  const size = Math.ceil(finite.length / most);
  if (size <= 1) return finite;
  const out: Point[] = [];
  for (let from = 0; from < finite.length; from += size) {
    const group = finite.slice(from, from + size);
    out.push({ step: group.at(-1)!.step, value: group.reduce((sum, p) => sum + p.value, 0) / group.length });
  }
  return out;
}

/** All series over the union of their steps. */
export function align(series: readonly (readonly Point[])[]): Columns {
  const steps = [...new Set(series.flatMap((points) => points.map((p) => p.step)))].sort((a, b) => a - b);
  const place = new Map(steps.map((step, i) => [step, i]));
  const values = series.map((points) => {
    const column = new Array<number | null>(steps.length).fill(null);
    for (const { step, value } of points) column[place.get(step)!] = value;
    return column;
  });
  return { steps, values };
}
