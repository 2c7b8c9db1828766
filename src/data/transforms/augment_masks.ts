// Random crops of images together with their masks: mirrored, turned, stretched, and bent by a smooth random field
// (Ronneberger et al. 2015, section 3.1: normal displacements on a coarse grid, bicubic between). Image and mask move alike;
// the image is sampled bilinearly, the mask at the nearest pixel. Images without masks: augment.ts.
import { OptionError, ShapeError } from "../../gpu/errors.ts";
import { cosSinTurns } from "../../tensor/exact.ts";
import type { Generator } from "../../tensor/philox.ts";
import type { Field, FieldData } from "../dataset.ts";
import type { Transform } from "../loader.ts";
import { smoothField } from "./smooth_field.ts";

export interface ElasticOptions {
  /** Points of the coarse grid along each side of the crop, at least 2. Default 4. */
  readonly points?: number;
  /** Standard deviation of a point's displacement, in pixels. */
  readonly std: number;
  /** Share of the samples that are bent. Default 1. */
  readonly share?: number;
}

export interface MaskAugmentOptions {
  /** Rows and columns of what comes out. Default: those of the image. */
  readonly size?: readonly [h: number, w: number];
  /** Probability of mirroring left and right. Default 0. */
  readonly flip?: number;
  /** A random number of quarter turns; needs a square crop. Default false. */
  readonly turns?: boolean;
  /** Degrees, either way, about the centre of the crop. Default 0. */
  readonly rotation?: number;
  /** Both axes on their own by a factor from [1 - stretch, 1 + stretch], below 1. Default 0. */
  readonly stretch?: number;
  /** Default: none. */
  readonly elastic?: ElasticOptions;
}

/** x, an image [n, c, h, w], and y, its mask [n, h, w] or [n, c', h, w]. */
export type Masked = Record<"x" | "y", Field>;

/**
 * One random crop of each sample -> x f32 [n, c, ...size], y of its own dtype [n, ..., ...size]. Beyond an image's border lies
 * its nearest pixel. Sample i draws from `generator.fork(i)` and depends on nothing else.
 *
 * @throws ShapeError for shapes that do not fit or a crop larger than the image; OptionError
 */
export function augmentMasks({ x, y }: Masked, options: MaskAugmentOptions, generator: Generator): Masked {
  const [n, h, w] = [x.shape[0]!, x.shape.at(-2)!, x.shape.at(-1)!];
  const known = checkOptions(options, [h, w]);
  const fits = y.shape[0] === n && y.shape.at(-2) === h && y.shape.at(-1) === w;
  if (x.shape.length !== 4 || y.shape.length < 3 || !fits)
    throw new ShapeError(`augmentMasks: needs x [n,c,h,w] and y [n,...,h,w], x [${x.shape}], y [${y.shape}]`);
  const [a, b] = [emptyCrops(x, known.size, true), emptyCrops(y, known.size, false)];
  for (let i = 0; i < n; i++) {
    const places = samplePlaces(known, [h, w], generator.fork(i));
    each(x, a, i, (from, to) => bilinear(from, to, places, [h, w]));
    each(y, b, i, (from, to) => nearest(from, to, places, [h, w]));
  }
  return { x: a, y: b };
}

/** `augmentMasks` as a transform of a DataLoader, for fields x and y. */
export function randomMasks(options: MaskAugmentOptions): Transform<"x" | "y"> {
  return (batch, generator) => ({ ...batch, ...augmentMasks(batch, options, generator) });
}

type Size = readonly [h: number, w: number];

function checkOptions(options: MaskAugmentOptions, [h, w]: Size) {
  const { size, flip = 0, turns = false, rotation = 0, stretch = 0, elastic } = options;
  const known = {
    size: size ?? ([h, w] as const),
    flip,
    turns,
    rotation,
    stretch,
    points: 4,
    share: elastic ? 1 : 0,
    std: 0,
    ...elastic,
  };
  const { points, std, share } = known;
  if (!known.size.every((s, i) => Number.isInteger(s) && s >= 1 && s <= [h, w][i]!))
    throw new ShapeError(
      `augmentMasks: crop must lie within the image, crop [${known.size}], image [${h},${w}]`,
    );
  if (turns && known.size[0] !== known.size[1])
    throw new OptionError(`augmentMasks: quarter turns need a square crop, got [${known.size}]`);
  if (![flip, share].every((p) => p >= 0 && p <= 1))
    throw new OptionError(`augmentMasks: flip and share must be probabilities, got ${flip}, ${share}`);
  if (!Number.isFinite(rotation) || !(stretch >= 0 && stretch < 1))
    throw new OptionError(
      `augmentMasks: needs a finite rotation and a stretch from 0 to below 1, got ${rotation}, ${stretch}`,
    );
  if (!(Number.isInteger(points) && points >= 2) || !(std >= 0 && Number.isFinite(std)))
    throw new OptionError(
      `augmentMasks: elastic needs 2 points or more and a finite std, got ${points}, ${std}`,
    );
  return known;
}

function emptyCrops({ data, shape }: Field, size: Size, float: boolean): Field {
  const out = [...shape.slice(0, -2), ...size];
  const count = out.reduce((product, s) => product * s, 1);
  const like = data.constructor as new (length: number) => FieldData;
  return { data: float ? new Float32Array(count) : new like(count), shape: out };
}

/** Calls `draw` for each plane of sample i. */
function each(from: Field, to: Field, i: number, draw: (from: FieldData, to: FieldData) => void): void {
  const planes = from.shape.slice(1, -2).reduce((product, s) => product * s, 1);
  const [a, b] = [from, to].map(({ shape }) => shape.at(-2)! * shape.at(-1)!) as [number, number];
  for (let p = i * planes; p < (i + 1) * planes; p++)
    draw(from.data.subarray(p * a, (p + 1) * a), to.data.subarray(p * b, (p + 1) * b));
}

/** Where in the image each pixel of the crop is taken from: rows, then columns. */
interface Places {
  readonly rows: Float32Array;
  readonly columns: Float32Array;
}

type Known = ReturnType<typeof checkOptions>;

function samplePlaces(known: Known, [h, w]: Size, generator: Generator): Places {
  const [ch, cw] = known.size;
  const u = generator.uniform(8);
  const [top, left] = [Math.floor(u[0]! * (h - ch + 1)), Math.floor(u[1]! * (w - cw + 1))];
  const mirrored = u[2]! < known.flip;
  const turns = known.turns ? Math.floor(4 * u[3]!) : 0;
  const bent = u[4]! < known.share && known.std > 0;
  const field = () => (bent ? smoothField(known.points, known.size, known.std, generator) : null);
  const [dy, dx] = [field(), field()];
  const { xx, xy, yx, yy } = linearPart(known, u.subarray(5));
  const [cy, cx] = [(ch - 1) / 2, (cw - 1) / 2];
  const [rows, columns] = [new Float32Array(ch * cw), new Float32Array(ch * cw)];
  for (let i = 0; i < ch * cw; i++) {
    let [y, x] = [Math.floor(i / cw) - cy, (i % cw) - cx];
    for (let t = 0; t < turns; t++) [y, x] = [-x, y];
    if (mirrored) x = -x;
    rows[i] = top + cy + yx * x + yy * y + (dy?.[i] ?? 0);
    columns[i] = left + cx + xx * x + xy * y + (dx?.[i] ?? 0);
  }
  return { rows, columns };
}

/** From three uniform numbers: first stretched, then turned. */
function linearPart({ rotation, stretch }: Known, u: Float32Array) {
  const turns = (rotation * (2 * u[0]! - 1)) / 360;
  const cosSin = new Float64Array(2);
  cosSinTurns(turns - Math.floor(turns), cosSin);
  const [cos, sin] = [cosSin[0]!, cosSin[1]!];
  const [sx, sy] = [1 + stretch * (2 * u[1]! - 1), 1 + stretch * (2 * u[2]! - 1)];
  return { xx: cos * sx, xy: -sin * sy, yx: sin * sx, yy: cos * sy };
}

function bilinear(from: FieldData, to: FieldData, { rows, columns }: Places, [h, w]: Size): void {
  for (let i = 0; i < to.length; i++) {
    const y = Math.min(h - 1, Math.max(0, rows[i]!));
    const x = Math.min(w - 1, Math.max(0, columns[i]!));
    const top = Math.min(Math.max(0, h - 2), Math.floor(y));
    const left = Math.min(Math.max(0, w - 2), Math.floor(x));
    const at = top * w + left;
    const [right, below] = [w > 1 ? 1 : 0, h > 1 ? w : 0];
    const upper = from[at]! + (from[at + right]! - from[at]!) * (x - left);
    const lower = from[at + below]! + (from[at + below + right]! - from[at + below]!) * (x - left);
    to[i] = upper + (lower - upper) * (y - top);
  }
}

function nearest(from: FieldData, to: FieldData, { rows, columns }: Places, [h, w]: Size): void {
  for (let i = 0; i < to.length; i++) {
    const y = Math.min(h - 1, Math.max(0, Math.round(rows[i]!)));
    const x = Math.min(w - 1, Math.max(0, Math.round(columns[i]!)));
    to[i] = from[y * w + x]!;
  }
}
