// Checks of attention: sizes from shapes, and every rule with the message that names it.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { isFloat } from "../tensor/dtype.ts";
import { castFloat } from "../tensor/primitives.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { AttentionLayout, AttentionSize } from "./attention_layout.ts";
import type { AttentionPlan } from "./attention_plan.ts";
import type { AttentionCall } from "./attention_run.ts";

export interface AttentionOptions {
  /** Broadcast to [b, h, t, s]. bool: true where a query may attend; f32: added to the scores, -inf forbids. Default: none. */
  readonly mask?: Tensor | null;
  /** Query i attends to keys 0 to i only, in addition to the mask. Default false. */
  readonly isCausal?: boolean;
  /** Probability with which a weight is dropped; the rest is scaled by 1 / (1 - dropoutP). Default 0. */
  readonly dropoutP?: number;
  /** Factor on the products. Default 1 / sqrt(d). */
  readonly scale?: number;
  /** Allow fewer heads in k and v than in q. Default false. */
  readonly enableGqa?: boolean;
  /** Replaces parts of the table's plan: for tests and benches. */
  readonly plan?: Partial<AttentionPlan>;
}

/** In labels and messages. */
export const NAME = "scaledDotProductAttention";
/** Most numbers a head may have in the fused kernels: what a thread can keep of a row. */
export const FUSED_D = 128;

/** Sizes of q [b, h, t, d], k and v [b, hk, s, d]. */
export function checkAttention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): AttentionSize {
  const shapes = () => `q ${formatShape(q.shape)}, k ${formatShape(k.shape)}, v ${formatShape(v.shape)}`;
  for (const [name, x] of Object.entries({ q, k, v })) {
    if (!isFloat(x.dtype))
      throw new DTypeError(`${NAME}: needs f32 or f16, ${name} ${x.dtype}${formatShape(x.shape)}`);
    if (x.rank !== 4) throw new ShapeError(`${NAME}: needs [batch, heads, length, d], ${shapes()}`);
  }
  const [b, h, t, d] = q.shape as [number, number, number, number];
  const [, hk, s] = k.shape as [number, number, number, number];
  if (formatShape(k.shape) !== formatShape(v.shape))
    throw new ShapeError(`${NAME}: k and v must have one shape, ${shapes()}`);
  if (k.shape[0] !== b || k.shape[3] !== d)
    throw new ShapeError(`${NAME}: q, k and v must have one batch and one d, ${shapes()}`);
  if (options.enableGqa && (hk === 0 ? h !== 0 : h % hk !== 0))
    throw new ShapeError(`${NAME}: heads of q must be a multiple of those of k and v, ${shapes()}`);
  if (!options.enableGqa && h !== hk)
    throw new ShapeError(`${NAME}: q, k and v must have as many heads, or pass enableGqa, ${shapes()}`);
  checkOptions({ b, h, hk, t, s, d }, options, shapes);
  return { b, h, hk, t, s, d };
}

/** The rules that do not depend on how q, k and v are laid out. */
export function checkOptions(size: AttentionSize, options: AttentionOptions, shapes: () => string): void {
  const { b, h, t, s, d } = size;
  const { mask, dropoutP = 0, scale = 1 } = options;
  if (d < 1) throw new ShapeError(`${NAME}: d must be at least 1, ${shapes()}`);
  if (!(dropoutP >= 0 && dropoutP <= 1))
    throw new OptionError(`${NAME}: dropoutP must lie in [0, 1], got ${dropoutP}`);
  if (!Number.isFinite(scale)) throw new OptionError(`${NAME}: scale must be finite, got ${scale}`);
  if (!mask) return;
  if (mask.dtype !== "bool" && !isFloat(mask.dtype))
    throw new DTypeError(
      `${NAME}: the mask must be bool, f32 or f16, mask ${mask.dtype}${formatShape(mask.shape)}`,
    );
  const full: Shape = [b, h, t, s];
  const fits = mask.shape.every((m, i) => m === 1 || m === full[4 - mask.rank + i]);
  if (mask.rank > 4 || !fits)
    throw new ShapeError(
      `${NAME}: the mask must broadcast to ${formatShape(full)}, mask ${formatShape(mask.shape)}, ${shapes()}`,
    );
}

export function callOf(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  size: AttentionSize,
  layout: AttentionLayout,
  options: AttentionOptions,
): AttentionCall {
  const { mask = null, isCausal = false, dropoutP = 0, scale = 1 / Math.sqrt(size.d), plan } = options;
  // The kernels read a mask as 32-bit words.
  const words = mask && isFloat(mask.dtype) ? castFloat(mask, "f32") : mask;
  return { q, k, v, mask: words, size, layout, scale, causal: isCausal, drop: dropoutP, plan };
}
