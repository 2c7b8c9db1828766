// Random affine augmentation of image batches on the CPU: rotation, scale, flip and shift about the image's centre, drawn
// anew for each image, sampled bilinearly. Deterministic in the generator, bit-identical on every host. No shear, no
// perspective. torchvision: RandomAffine, RandomHorizontalFlip.
import { mat3d } from "wgpu-matrix";
import { OptionError, ShapeError } from "../../gpu/errors.ts";
import { cosSinTurns } from "../../tensor/exact.ts";
import type { Generator } from "../../tensor/philox.ts";
import type { Field, FieldData } from "../dataset.ts";
import type { Transform } from "../loader.ts";

type Range = readonly [low: number, high: number];

export interface AffineOptions {
  /** Degrees, positive turns clockwise on the screen: a range, or r for [-r, r]. Default 0. */
  rotation?: number | Range;
  /** Factor: a range. Default [1, 1]. */
  scale?: Range;
  /** Pixels to the right and down: a range for both, or s for [-s, s]. Default 0. */
  shift?: number | Range;
  /** Probability of mirroring left and right. Default 0. */
  flip?: number;
  /** Value of all outside the image, in the units of the data. Default 0. */
  fill?: number;
}

const DRAWS = 8; // uniforms an image, two Philox blocks: angle, scale, dx, dy, flip, three unused

/**
 * Transforms each image of [n, h, w] or [n, c, h, w] on its own (all channels alike) -> f32 of the same shape and units.
 * The output pixel p is the input at A^-1 p, A = T(shift + centre) R(rotation) S(scale) F(flip) T(-centre), bilinear
 * between pixel centres. Takes 8 n numbers of `generator`. Throws ShapeError, OptionError.
 */
export function affine(images: Field, options: AffineOptions, generator: Generator): Field {
  const { data, shape } = images;
  if (shape.length !== 3 && shape.length !== 4)
    throw new ShapeError(`affine: images must be [n,h,w] or [n,c,h,w], got [${shape}]`);
  const ranges = checkOptions(options);
  const n = shape[0]!;
  const [h, w] = [shape[shape.length - 2]!, shape[shape.length - 1]!];
  const channels = shape.length === 4 ? shape[1]! : 1;
  const u = generator.uniform(DRAWS * n);
  const out = new Float32Array(data.length);
  for (let i = 0; i < n; i++) {
    const inverse = sampleInverse(u.subarray(i * DRAWS, (i + 1) * DRAWS), ranges, h, w);
    for (let c = 0; c < channels; c++) {
      const at = (i * channels + c) * h * w;
      warp(data.subarray(at, at + h * w), out.subarray(at, at + h * w), h, w, inverse, ranges.fill);
    }
  }
  return { data: out, shape };
}

/** `affine` as a transform of a DataLoader; the field defaults to "x". Put it before `standardize`. */
export function randomAffine<K extends string = "x">(options: AffineOptions, field = "x" as K): Transform<K> {
  checkOptions(options);
  return (batch, generator) => ({ ...batch, [field]: affine(batch[field], options, generator) });
}

type Ranges = ReturnType<typeof checkOptions>;

function checkOptions({ rotation = 0, scale = [1, 1], shift = 0, flip = 0, fill = 0 }: AffineOptions) {
  const range = (name: string, value: number | Range): Range => {
    const [low, high] = typeof value === "number" ? [-value, value] : value;
    if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high)) {
      throw new OptionError(`affine: ${name} needs finite low <= high, got ${low}, ${high}`);
    }
    return [low, high];
  };
  if (!(scale[0] > 0)) throw new OptionError(`affine: scale must be above 0, got ${scale[0]}`);
  if (!(flip >= 0 && flip <= 1)) throw new OptionError(`affine: flip must be a probability, got ${flip}`);
  if (!Number.isFinite(fill)) throw new OptionError(`affine: fill must be finite, got ${fill}`);
  return {
    rotation: range("rotation", rotation),
    scale: range("scale", scale),
    shift: range("shift", shift),
    flip,
    fill,
  };
}

/** The map from output to input pixels: mat3d, columns at 0, 4 and 8. */
function sampleInverse(
  u: Float32Array,
  { rotation, scale, shift, flip }: Ranges,
  h: number,
  w: number,
): Float64Array {
  const draw = ([low, high]: Range, k: number) => low + (high - low) * u[k]!;
  const turns = draw(rotation, 0) / 360;
  const cosSin = new Float64Array(2); // not mat3d.rotation: Math.cos differs between engines
  cosSinTurns(turns - Math.floor(turns), cosSin);
  const [cos, sin] = [cosSin[0]!, cosSin[1]!];
  const factor = draw(scale, 1);
  const centre = [(w - 1) / 2, (h - 1) / 2] as const;
  const a = mat3d.translation([centre[0] + draw(shift, 2), centre[1] + draw(shift, 3)]);
  mat3d.multiply(a, mat3d.create(cos, sin, 0, -sin, cos, 0, 0, 0, 1), a);
  mat3d.scale(a, [u[4]! < flip ? -factor : factor, factor], a);
  mat3d.translate(a, [-centre[0], -centre[1]], a);
  return mat3d.inverse(a, a) as Float64Array;
}

/** out[y, x] = bilinear image at m (x, y, 1). */
function warp(
  image: FieldData,
  out: Float32Array,
  h: number,
  w: number,
  m: Float64Array,
  fill: number,
): void {
  const [xx, yx, xy, yy, x1, y1] = [m[0]!, m[1]!, m[4]!, m[5]!, m[8]!, m[9]!];
  const tap = (x: number, y: number) => (x < 0 || y < 0 || x >= w || y >= h ? fill : image[y * w + x]!);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const sx = xx * x + xy * y + x1;
      const sy = yx * x + yy * y + y1;
      const left = Math.floor(sx);
      const top = Math.floor(sy);
      let value = fill;
      if (left >= -1 && top >= -1 && left < w && top < h) {
        const inside = left >= 0 && top >= 0 && left < w - 1 && top < h - 1;
        const at = top * w + left;
        const a = inside ? image[at]! : tap(left, top);
        const b = inside ? image[at + 1]! : tap(left + 1, top);
        const c = inside ? image[at + w]! : tap(left, top + 1);
        const d = inside ? image[at + w + 1]! : tap(left + 1, top + 1);
        const upper = a + (b - a) * (sx - left);
        const lower = c + (d - c) * (sx - left);
        value = upper + (lower - upper) * (sy - top);
      }
      out[y * w + x] = value;
    }
  }
}
