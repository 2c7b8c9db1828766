// The one judge of golden values. Against float64, by the rule of the case's op (families/rules.py):
//   elementwise  |y - ref| <= 1e-5 |ref| + 1e-6          sums, selects, largest  |y - ref| <= 2e-6 S
//   selects, exact: y is ref, the sign of a zero too      gradients of both orders |g - ref| <= 1e-5 S
// S comes with the case (the op of absolute values), else it is the largest |ref| of the tensor. What is not finite is
// as it stands. A case may widen its bounds by factors, with a reason.
import { expect } from "vitest";
import type { GoldenCase, GoldenTensor } from "./load.ts";

export const ELEMENTWISE = { relative: 1e-5, absolute: 1e-6 };
export const FORWARD = 2e-6;
export const GRADIENT = 1e-5;

/** `part` is the name in the file: "out.0", "after.u", "grad.x", "gg.dy.0". */
export function judge(c: GoldenCase, part: string, got: ArrayLike<number>, ref: GoldenTensor): void {
  const want = ref.data as Float32Array;
  expect(got.length, part).toBe(want.length);
  const bound = boundsOf(c, part, ref);
  for (let i = 0; i < want.length; i++) {
    const [y, r] = [got[i]!, want[i]!];
    if (Object.is(y, r)) continue;
    if (Math.abs(y - r) <= bound(i)) continue;
    const allowed = Number.isFinite(r) ? ` (off by ${Math.abs(y - r)}, allowed ${bound(i)})` : "";
    expect.fail(`${part}: at ${i} got ${show(y)}, expected ${show(r)}${allowed}`);
  }
}

/** The largest error a part may have, by element; -1: the value itself. */
function boundsOf(c: GoldenCase, part: string, ref: GoldenTensor): (i: number) => number {
  const forward = part.startsWith("out.") || part.startsWith("after.");
  const kind = forward ? "out" : part.startsWith("gg.") ? "gg" : "grad";
  const widened = c.tolerance?.[kind] ?? 1;
  const want = ref.data as Float32Array;
  if (ref.dtype === "I32" || c.rule === "exact" || (c.rule === "selects" && forward && widened === 1)) {
    return () => -1;
  }
  const finite = (i: number, bound: number) => (Number.isFinite(want[i]!) ? widened * bound : -1);
  if (c.rule === "elementwise" && forward) {
    const { relative, absolute } = ELEMENTWISE;
    return (i) => finite(i, relative * Math.abs(want[i]!) + absolute);
  }
  const share = forward ? FORWARD : GRADIENT;
  const sizes = c.sizes[part]?.data as Float32Array | undefined;
  const top = c.tolerance?.size?.[part] ?? largest(want);
  return (i) => finite(i, share * (Number.isFinite(sizes?.[i]) ? sizes![i]! : top));
}

function largest(values: ArrayLike<number>): number {
  let top = 0;
  for (let i = 0; i < values.length; i++)
    if (Number.isFinite(values[i]!)) top = Math.max(top, Math.abs(values[i]!));
  return top;
}

const show = (x: number) => (Object.is(x, -0) ? "-0" : String(x));
