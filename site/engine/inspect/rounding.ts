// How far a sum that a GPU made in f32 may be from the float64 one, whatever the order it added in.

/** Unit roundoff of f32. */
export const UNIT = 2 ** -24;

/** Below this f32 keeps no digits, and adapters may flush to zero. */
const TINY = 2 ** -120;

/**
 * n terms of a given sum of magnitudes. The worst case is n u S (Higham 2002, 4.4); roundings are not all of one sign, and with
 * u sqrt(n) S each way a sum fails about never (Higham & Mary 2019). Taken: the smaller of n and 2 sqrt(n), and two roundings
 * for the product in a term. `value` is rounded once more when it is stored.
 */
export function sumBound(n: number, magnitude: number, value: number): number {
  return UNIT * ((Math.min(n, 2 * Math.sqrt(n)) + 2) * magnitude + Math.abs(value)) + TINY;
}

/** For so many roundings of numbers not larger than `size`. */
export const roundings = (count: number, size: number): number => count * UNIT * Math.abs(size) + TINY;
