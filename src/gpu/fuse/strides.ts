// Places of elements by strides: how they look through a copy that rearranges them, and whether two sets of them meet.

export interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** Elements offset + i . strides for every index i; in any order of the axes. */
export interface Box {
  readonly offset: number;
  readonly axes: readonly Axis[];
}

/** Where the elements of a whole tensor stand in another: the digits of a place, in the bases of the axes, times `to`. */
export interface Relayout {
  /** From the innermost in the tensor to the outermost. */
  readonly axes: readonly { readonly size: number; readonly from: number; readonly to: number }[];
  readonly offset: number;
}

/** Null unless the axes run through all of the tensor's `elements` once, and forwards in the other. */
export function relayout(axes: Relayout["axes"], offset: number, elements: number): Relayout | null {
  const sorted: Relayout["axes"][number][] = [];
  let next = 1;
  for (const axis of axes.filter((a) => a.size > 1).sort((a, b) => a.from - b.from)) {
    if (axis.from !== next || axis.to <= 0) return null;
    next *= axis.size;
    const inner = sorted.at(-1);
    const goesOn = inner && axis.to === inner.to * inner.size;
    if (goesOn) sorted[sorted.length - 1] = { ...inner, size: inner.size * axis.size };
    else sorted.push(axis);
  }
  return next === elements && offset >= 0 ? { axes: sorted, offset } : null;
}

/**
 * The same elements where the other tensor has them; null where strides do not say it: an axis of the box may then not run
 * over the end of an axis of the tensor. Without carries between digits the places of a sum are the sum of the places.
 */
export function through({ offset, axes }: Box, map: Relayout): Box | null {
  if (axes.some((a) => a.size > 1 && a.stride < 0)) return null;
  const room = map.axes.map((a) => a.size - 1);
  const moved = (place: number, times: number): number => {
    let rest = place;
    let to = 0;
    for (let k = map.axes.length - 1; k >= 0; k--) {
      const axis = map.axes[k];
      const digit = Math.floor(rest / axis.from);
      rest -= digit * axis.from;
      room[k] -= digit * times;
      to += digit * axis.to;
    }
    return to;
  };
  const start = map.offset + moved(offset, 1);
  const steps = axes.map(({ size, stride }) => ({ size, stride: moved(stride, size - 1) }));
  return room.every((r) => r >= 0) ? { offset: start, axes: steps } : null;
}

/**
 * Whether two boxes surely share no element: both lie in columns of one table, and the columns differ. So do the parts that
 * cat puts side by side.
 */
export function apart(a: Box, b: Box): boolean {
  const strides = (x: Box) => x.axes.filter((s) => s.size > 1).map((s) => s.stride);
  const widths = [...strides(a), ...strides(b)];
  return widths.some((pitch) => {
    const [p, q] = [columns(a, pitch), columns(b, pitch)];
    return p !== null && q !== null && (p.end <= q.start || q.end <= p.start);
  });
}

/** First column and the one behind the last, in a table of rows of `pitch`; null if a row ends within an axis. */
function columns({ offset, axes }: Box, pitch: number): { start: number; end: number } | null {
  const inner = axes.filter((a) => a.size > 1 && a.stride % pitch !== 0);
  const start = offset % pitch;
  const end = start + inner.reduce((n, a) => n + (a.size - 1) * a.stride, 1);
  return end <= pitch ? { start, end } : null;
}
