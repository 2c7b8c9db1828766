// Running extremes along one axis, and where they stand. Of whole axes: reduce_max.ts.

import { type DType, isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { gather } from "./gather.ts";
import type { WithIndices } from "./reduce_max.ts";
import { shaped } from "./reshape.ts";
import { PAIR, runScan, type Scan } from "./scan_run.ts";

// The state is (key, index): greater keys win, of equals the later, as in PyTorch. NaN is above all.
const FLOAT_KEY = `let bits = bitcast<i32>(a[at]);
  let magnitude = bits & 0x7fffffff;
  let key = select(select(magnitude, -magnitude, bits < 0), 0x7fffffff, magnitude > 0x7f800000);`;
const FLOAT_KEY_DOWN = FLOAT_KEY.replace("magnitude, -magnitude", "-magnitude, magnitude");

function keyOf(dtype: DType, least: boolean): string {
  if (isFloat(dtype)) return least ? FLOAT_KEY_DOWN : FLOAT_KEY;
  const key = dtype === "i32" ? "a[at]" : "bitcast<i32>(a[at] ^ 0x80000000u)";
  return `let key = ${least ? "~" : ""}${key};`;
}

const scanOf = (name: string, dtype: DType, least: boolean, position: string): Scan => ({
  name,
  out: "i32",
  state: PAIR.i32,
  none: "vec2<i32>(-2147483647 - 1, 0)",
  combine: "return select(s, t, t.x >= s.x);",
  element: `${keyOf(dtype, least)} return vec2<i32>(key, ${position});`,
  finish: "return s.y;",
});

/** The largest value so far along `axis` and where it stands, of equals the last (torch.cummax). NaN stays. */
export function cummax(x: Tensor, axis: number): WithIndices {
  return running("cummax", x, axis, false);
}

/** The least value so far along `axis` and where it stands, of equals the last (torch.cummin). NaN stays. */
export function cummin(x: Tensor, axis: number): WithIndices {
  return running("cummin", x, axis, true);
}

function running(name: string, x: Tensor, axis: number, least: boolean): WithIndices {
  const at = normalizeAxis(name, axis, x.rank);
  const row = x.rank === 0 ? shaped(name, x, [1]) : x;
  const [indices] = op(name, [row], () => ({
    outputs: [runScan(scanOf(name, row.dtype, least, "i32(k)"), row, null, at, false)],
  }));
  const values = gather(row, at, indices);
  if (x.rank > 0) return { values, indices };
  return { values: shaped(name, values, []), indices: shaped(name, indices, []) };
}
