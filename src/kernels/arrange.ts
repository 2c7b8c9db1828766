// Rearrangements made of reshape, permute, split, cat and broadcasting: movedim, tile, repeatInterleave, unbind, hstack,
// vstack, meshgrid. Each is differentiable because its parts are.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { cat } from "./concat.ts";
import { repeat } from "./expand.ts";
import { indexSelect } from "./gather.ts";
import { permute } from "./permute.ts";
import { reshape, squeeze } from "./reshape.ts";
import { split } from "./split.ts";

type Axes = number | readonly number[];

const listOf = (axes: Axes): readonly number[] => (typeof axes === "number" ? [axes] : axes);

/**
 * Axes `source` put at `destination`, the others in their order (torch.movedim).
 *
 * @throws ShapeError for lists of different lengths, a repeated axis or one out of range
 */
export function movedim(x: Tensor, source: Axes, destination: Axes): Tensor {
  const from = listOf(source).map((a) => normalizeAxis("movedim", a, x.rank));
  const to = listOf(destination).map((a) => normalizeAxis("movedim", a, x.rank));
  if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
    throw new ShapeError(
      `movedim: needs as many different axes on both sides, source [${listOf(source)}], destination [${listOf(destination)}]`,
    );
  }
  const rest = Array.from({ length: x.rank }, (_, i) => i).filter((i) => !from.includes(i));
  const order = Array.from({ length: x.rank }, (_, i) =>
    to.includes(i) ? from[to.indexOf(i)] : rest.shift()!,
  );
  return permute(x, order);
}

/** x side by side `counts[k]` times along axis k, missing counts in front being 1 (torch.tile). */
export function tile(x: Tensor, counts: readonly number[]): Tensor {
  const missing = Math.max(0, x.rank - counts.length);
  return repeat(x, [...new Array<number>(missing).fill(1), ...counts]);
}

/**
 * Every element of an axis `repeats` times in a row, or `repeats[i]` times each (torch.repeat_interleave). Without an
 * axis: of x as one row.
 *
 * @param repeats on the host: the shape of the result depends on it
 * @throws OptionError unless they are integers of 0 or more; ShapeError unless there is one an element
 */
export function repeatInterleave(x: Tensor, repeats: number | readonly number[], axis?: number): Tensor {
  if (axis === undefined) return repeatInterleave(reshape(x, [x.size]), repeats, 0);
  if (x.rank === 0) throw new ShapeError("repeatInterleave: a scalar has no axis");
  const at = normalizeAxis("repeatInterleave", axis, x.rank);
  if (!listOf(repeats).every((r) => Number.isInteger(r) && r >= 0))
    throw new OptionError(`repeatInterleave: repeats must be integers of 0 or more, got ${repeats}`);
  const n = x.shape[at];
  if (typeof repeats === "number") {
    const [before, after] = [x.shape.slice(0, at), x.shape.slice(at + 1)];
    const copies = broadcastTo(reshape(x, [...before, n, 1, ...after]), [...before, n, repeats, ...after]);
    return reshape(copies, [...before, n * repeats, ...after]);
  }
  if (repeats.length !== n) {
    throw new ShapeError(
      `repeatInterleave: needs one count an element of axis ${axis}, x ${formatShape(x.shape)}, repeats [${repeats.length}]`,
    );
  }
  const index = Int32Array.from(repeats.flatMap((r, i) => new Array<number>(r).fill(i)));
  return indexSelect(x, at, tensor(index, { device: x.device }));
}

/** The slices of an axis, which goes (torch.unbind). */
export function unbind(x: Tensor, axis = 0): Tensor[] {
  if (x.rank === 0) throw new ShapeError("unbind: a scalar has no axis to take apart");
  const at = normalizeAxis("unbind", axis, x.rank);
  return x.shape[at] === 0 ? [] : split(x, 1, at).map((part) => squeeze(part, at));
}

/** Tensors side by side along the second axis, 1-D ones along their only one (torch.hstack). */
export function hstack(tensors: readonly Tensor[]): Tensor {
  const rows = tensors.map((t) => (t.rank === 0 ? reshape(t, [1]) : t));
  return cat(rows, rows.every((t) => t.rank === 1) ? 0 : 1);
}

/** Tensors below each other, a 1-D one being a row (torch.vstack). */
export function vstack(tensors: readonly Tensor[]): Tensor {
  return cat(
    tensors.map((t) => (t.rank < 2 ? reshape(t, [1, t.size]) : t)),
    0,
  );
}

export interface MeshgridOptions {
  /** "ij", the default: result axis k belongs to tensor k. "xy": the first two are swapped. */
  readonly indexing?: "ij" | "xy";
}

/**
 * Coordinates of a grid: result k repeats tensor k along the axes of all others (torch.meshgrid).
 *
 * @param tensors scalars or 1-D
 * @throws ShapeError for others or none; OptionError for another indexing
 */
export function meshgrid(tensors: readonly Tensor[], { indexing = "ij" }: MeshgridOptions = {}): Tensor[] {
  if (indexing !== "ij" && indexing !== "xy")
    throw new OptionError(`meshgrid: indexing must be "ij" or "xy", got ${String(indexing)}`);
  if (tensors.length === 0 || tensors.some((t) => t.rank > 1)) {
    const shapes = tensors.map((t) => formatShape(t.shape)).join(" and ");
    throw new ShapeError(`meshgrid: needs scalars or tensors of rank 1, got ${shapes || "none"}`);
  }
  const swap = indexing === "xy" && tensors.length > 1;
  const axisOf = (k: number) => (swap && k < 2 ? 1 - k : k);
  const shape = tensors.map((_, axis) => tensors[axisOf(axis)].size);
  return tensors.map((t, k) => {
    const own = shape.map((_, axis) => (axis === axisOf(k) ? t.size : 1));
    return broadcastTo(reshape(t, own), shape);
  });
}
