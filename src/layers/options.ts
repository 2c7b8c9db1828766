// Checks of layer options, so that a wrong one is named where it is written and not at the first forward.

import { OptionError } from "../gpu/errors.ts";
import type { Pair } from "../kernels/conv2d_geometry.ts";

export type { Pair };

/** Throws OptionError unless every given value is a positive integer: `Linear: inFeatures must be ...`. */
export function checkPositive(layer: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new OptionError(`${layer}: ${name} must be a positive integer, got ${value}`);
    }
  }
}

/** Throws OptionError unless one number is a multiple of the other: `Gpt2: d must be a multiple of heads, got 10 and 3`. */
export function checkMultiple(
  layer: string,
  whole: Readonly<Record<string, number>>,
  part: Readonly<Record<string, number>>,
): void {
  const [[name, size]] = Object.entries(whole) as [[string, number]];
  const [[divisor, by]] = Object.entries(part) as [[string, number]];
  if (size % by !== 0)
    throw new OptionError(`${layer}: ${name} must be a multiple of ${divisor}, got ${size} and ${by}`);
}

/** Throws OptionError unless a pair holds integers of at least `least`; returns [height, width]. */
export function checkPair(layer: string, name: string, value: Pair, least: number): [number, number] {
  const both: readonly unknown[] = Array.isArray(value) ? value : [value, value];
  const right = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= least;
  if (both.length === 2 && both.every(right)) return both as unknown as [number, number];
  throw new OptionError(
    `${layer}: ${name} must be one or two integers of at least ${least}, got ${formatPair(value)}`,
  );
}

/** Throws OptionError unless low <= value <= high. */
export function checkRange(layer: string, name: string, value: number, low: number, high: number): void {
  if (!(typeof value === "number" && value >= low && value <= high)) {
    throw new OptionError(`${layer}: ${name} must be in [${low}, ${high}], got ${value}`);
  }
}

/** `3` or `[3, 5]`, for toString. */
export function formatPair(value: Pair | string): string {
  return typeof value === "object" ? `[${value.join(", ")}]` : String(value);
}

/** `a=1, b=[2, 3]`: the options of a layer that were given. */
export function formatOptions(options: object): string {
  const shown = (v: unknown) => ["number", "string", "boolean"].includes(typeof v) || Array.isArray(v);
  const given = Object.entries(options).filter(([, v]) => shown(v));
  return given.map(([name, v]) => `${name}=${formatPair(v as Pair)}`).join(", ");
}
