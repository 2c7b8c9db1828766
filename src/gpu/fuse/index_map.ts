// Where element i of a shape stands in a tensor that broadcasts against it, as WGSL: ((i / inner) % size) * stride a term.

/** Axes from the innermost, merged where they can be. */
export interface Axis {
  readonly size: number;
  /** 0: broadcast. */
  readonly stride: number;
}

export function axesOf(shape: readonly number[], from: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  let stride = 1;
  for (let k = 1; k <= shape.length; k++) {
    const size = shape[shape.length - k]!;
    const own = from[from.length - k] ?? 1;
    if (size === 1) continue;
    const step = own === 1 ? 0 : stride;
    const last = axes.at(-1);
    const joins = last && (last.stride === 0 ? step === 0 : step === last.stride * last.size);
    if (joins) axes[axes.length - 1] = { size: last.size * size, stride: last.stride };
    else axes.push({ size, stride: step });
    stride *= own;
  }
  return axes;
}

/** WGSL of the offset for index `i`. */
export function offsetOf(i: string, axes: readonly Axis[]): string {
  const terms: string[] = [];
  let inner = 1;
  axes.forEach(({ size, stride }, k) => {
    if (stride > 0) {
      const quotient = inner === 1 ? i : `(${i} / ${inner}u)`;
      const index = k === axes.length - 1 ? quotient : `${quotient} % ${size}u`;
      terms.push(stride === 1 ? index : `(${index}) * ${stride}u`);
    }
    inner *= size;
  });
  return terms.join(" + ") || "0u";
}
