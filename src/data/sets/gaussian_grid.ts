// The grid of 25 Gaussians on which GANs are tried (Srivastava et al. 2017): as likely one as another, far apart for their
// width, so that it shows at a glance which ones a generator misses and what it leaves between them.

import { OptionError } from "../../gpu/errors.ts";
import type { Generator } from "../../tensor/philox.ts";

/** 5 x 5 modes at -2, -1, 0, 1, 2, each N(mode, sigma^2). */
export const GRID = { side: 5, spacing: 1, sigma: 0.05 } as const;
export const MODES = GRID.side ** 2;
/** Coordinate of the outermost modes. */
export const GRID_EDGE = ((GRID.side - 1) / 2) * GRID.spacing;

/** A sample is near its mode within so many sigma: of the grid's own samples all but 0.03 %. */
export const NEAR = 4;
/** A mode counts with this share of what it would have if all had the same. */
const SHARE_OF_FAIR = 0.1;
/** Half the side of the square of `uniformBlob`: as far out as the discs of 4 sigma around the outer modes, and a little. */
const BLOB_EDGE = 2.33;

/** The modes, [25, 2]. */
export function gridModes(): number[] {
  return Array.from({ length: MODES }, (_, i) => [
    coordinate(i % GRID.side),
    coordinate(Math.floor(i / GRID.side)),
  ]).flat();
}

/** n samples -> points [n, 2], x before y. */
export function sampleGrid(n: number, generator: Generator): Float32Array<ArrayBuffer> {
  const at = generator.integers(2 * n, 0, GRID.side);
  const noise = generator.normal(2 * n, 0, GRID.sigma);
  return noise.map((z, i) => at[i]! * GRID.spacing - GRID_EDGE + z);
}

/**
 * n points [n, 2], uniform on a square around the grid: the trivial generator. Modes are easily covered so, which is why their
 * count alone says little.
 */
export function uniformBlob(n: number, generator: Generator): Float32Array<ArrayBuffer> {
  return generator.uniform(2 * n, -BLOB_EDGE, BLOB_EDGE);
}

/** How samples lie on the grid. */
export interface Coverage {
  /** Modes with at least a tenth of their fair share n / 25 of the samples within 4 sigma. */
  readonly modes: number;
  /** Samples within 4 sigma of a mode. */
  readonly nearShare: number;
}

/**
 * Modes covered by points [n, 2], and the share of points that lie on one. A point that is not finite is near nothing.
 *
 * @throws OptionError for no points, or half a point
 */
export function coverage(points: ArrayLike<number>): Coverage {
  const n = points.length / 2;
  if (!(n >= 1 && Number.isInteger(n)))
    throw new OptionError(`coverage: points must be pairs of coordinates, got ${points.length} numbers`);
  const counts = new Uint32Array(MODES);
  for (let i = 0; i < n; i++) {
    const [x, y] = [points[2 * i]!, points[2 * i + 1]!];
    const [column, row] = [nearest(x), nearest(y)];
    if (Math.hypot(x - coordinate(column), y - coordinate(row)) <= NEAR * GRID.sigma)
      counts[row * GRID.side + column]!++;
  }
  const least = (SHARE_OF_FAIR * n) / MODES;
  return {
    modes: counts.filter((c) => c > 0 && c >= least).length,
    nearShare: counts.reduce((a, b) => a + b, 0) / n,
  };
}

function nearest(x: number): number {
  return Math.min(GRID.side - 1, Math.max(0, Math.round((x + GRID_EDGE) / GRID.spacing)));
}

function coordinate(index: number): number {
  return index * GRID.spacing - GRID_EDGE;
}
