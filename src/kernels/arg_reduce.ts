// argmax and argmin: where the extreme value stands. The values themselves: reduce_max.ts. No gradients.

import { ShapeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { argReduce as argReduceShader } from "../gpu/shaders.gen.ts";
import { type DType, isFloat, WGSL_TYPE } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, normalizeAxis, numel } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";

const run = kernel(argReduceShader);

const WG = 64;
const LARGE_WG = 256;
const LOADS_A_LANE = 8; // fewer do not pay for the barriers of a team

/**
 * Index (i32) of the greatest value along `axis`, of equals the first, of NaNs the first NaN (torch.argmax). Without an
 * axis: the index in the flattened tensor.
 *
 * @throws ShapeError if there is nothing to choose from
 */
export function argmax(x: Tensor, axis?: number, keepdim = false): Tensor {
  return arg("argmax", x, axis, keepdim);
}

/** Index (i32) of the least value along `axis`, of equals the first, of NaNs the first NaN (torch.argmin). */
export function argmin(x: Tensor, axis?: number, keepdim = false): Tensor {
  return arg("argmin", x, axis, keepdim);
}

type Name = "argmax" | "argmin";

function arg(name: Name, x: Tensor, axis: number | undefined, keepdim: boolean): Tensor {
  const at = axis === undefined ? null : normalizeAxis(name, axis, x.rank);
  const n = at === null ? x.size : (x.shape[at] ?? 1);
  const inner = at === null ? 1 : numel(x.shape.slice(at + 1));
  if (n === 0) throw new ShapeError(`${name}: no values to choose from, x ${formatShape(x.shape)}`);
  const kept = x.shape.map((s, i) => (at === null || i === at ? 1 : s));
  const shape = keepdim ? kept : at === null ? [] : kept.filter((_, i) => i !== at);
  const [y] = op(name, [x], () => {
    const y = empty(shape, "i32", x.device);
    if (y.size > 0) launch(name, x, y, { n, inner });
    return { outputs: [y] };
  });
  return y;
}

function launch(name: Name, x: Tensor, y: Tensor, { n, inner }: { n: number; inner: number }): void {
  const wg = y.size === 1 && n > LARGE_WG * LARGE_WG ? LARGE_WG : WG;
  // Barriers cost a software adapter more than the row does.
  let lanes = 1;
  if (inner === 1 && !x.device.adapter.software)
    while (lanes < wg && lanes * 2 * LOADS_A_LANE <= n) lanes *= 2;
  run(
    { x, y },
    { outputs: y.size, n, inner },
    {
      grid: grid1d(Math.ceil((y.size * lanes) / wg)),
      constants: { WG: wg, LANES: lanes },
      types: { T: WGSL_TYPE[x.dtype], K: isFloat(x.dtype) ? "i32" : WGSL_TYPE[x.dtype] },
      hooks: { ...keyOf(name, x.dtype), ...(lanes === 1 ? ALONE : {}) },
      label: name,
      flops: x.size,
    },
  );
}

const ALONE = { best_of_team: "fn best_of_team(best: Best, at: u32, lane: u32) -> Best { return best; }" };

/** The shader's `key`: the greatest key wins. */
function keyOf(name: Name, dtype: DType): Record<string, string> {
  const least = name === "argmin";
  // ~v reverses the order of integers.
  if (!isFloat(dtype)) return { key: `fn key(v: T) -> K { return ${least ? "~v" : "v"}; }` };
  if (!least) return {};
  return {
    key: `fn key(v: T) -> K {
  let bits = bitcast<K>(v);
  let magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) { return 0x7fffffff; }
  return select(-magnitude, magnitude, bits < 0);
}`,
  };
}
