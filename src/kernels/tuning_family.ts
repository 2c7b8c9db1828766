// What a family of kernels says of its variants, so that a device's tuning table (src/gpu/tuning.ts) can name one: which there
// are, and which shapes count as alike. Numbers and names only; how candidates run: *_trial.ts.

import type { Device } from "../gpu/device.ts";
import { OptionError } from "../gpu/errors.ts";

export interface TuningFamily<S extends object> {
  readonly name: string;
  /** The variants there are, in words for errors. */
  readonly variants: string;
  knows(variant: string): boolean;
  /** Shapes of one class share an entry. */
  classOf(shape: S): string;
  /** The variants worth measuring for a shape on a device: some may be the default. */
  candidates(shape: S, device: Device): readonly string[];
}

/** Sizes are alike if the next power of two is the same. */
export function rounded(size: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(size, 1)));
}

/** The table's variant for a shape, or null. Throws OptionError for one that the family has not. */
export function chosen<S extends object>(
  { tuning }: Device,
  family: TuningFamily<S>,
  shape: S,
): string | null {
  const variant = tuning.choose(family.name, shape, family.classOf);
  if (variant !== null && !family.knows(variant)) throw unknownVariant("tuning", family, variant);
  return variant;
}

export function unknownVariant(
  name: string,
  family: Pick<TuningFamily<never>, "name" | "variants">,
  variant: string,
): OptionError {
  return new OptionError(`${name}: the variant of ${family.name} must be ${family.variants}, got ${variant}`);
}
