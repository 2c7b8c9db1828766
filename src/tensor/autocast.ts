// Mixed precision: inside `autocast` products are computed of f16 operands, and what f16 has not the range or the digits for in
// f32. Which op does which: PyTorch's lists for CUDA; an op says so by `lowered` or `raised` on its inputs. Gradients of
// f32 parameters stay f32. Loss scaling: src/optim/grad_scaler.ts.

import { currentDevice } from "../gpu/device.ts";
import { DTypeError, OptionError } from "../gpu/errors.ts";
import { activeTrace, type Trace } from "../gpu/trace.ts";
import { gradEnabled } from "./mode.ts";
import { castFloat } from "./primitives.ts";
import { synchronous } from "./scope.ts";
import { type Node, runningNode } from "./tape.ts";
import type { Tensor } from "./tensor.ts";

export interface AutocastOptions {
  /** Default, and the only one: "f16". */
  readonly dtype?: "f16";
  /** False turns an outer scope off; "auto": only where the adapter has shader-f16. Default true. */
  readonly enabled?: boolean | "auto";
}

interface Cached {
  readonly cast: Tensor;
  readonly version: number;
  readonly trace: Trace | null;
}

interface Scope {
  readonly on: boolean;
  /** The recording and the pullback it was opened in. */
  readonly trace: Trace | null;
  readonly running: Node | null;
  /** Parameters in f16: cast once, until they change. */
  readonly casts: Map<Tensor, Cached>;
}

let current: Scope | null = null;
const CELL = {};

/**
 * Runs `fn` in mixed precision (torch.autocast): matrix products, convolutions, attention and recurrent layers cast f32 operands to
 * f16, parameters once a scope; losses, softmax, norms, sums, exp, log and pow cast f16 to f32; all else takes what it gets.
 * Call `backward` outside or inside: it takes the dtypes of the forward. A compiled function records again under another state.
 *
 * @throws DTypeError where the adapter lacks shader-f16, unless `enabled` is false or "auto"; OptionError for another dtype;
 *   TypeError if `fn` returns a Promise
 */
export function autocast<R>(fn: () => R, { dtype = "f16", enabled = true }: AutocastOptions = {}): R {
  if (dtype !== "f16") throw new OptionError(`autocast: dtype must be f16, got ${String(dtype)}`);
  const on = enabled !== false && currentDevice().features.has("shader-f16");
  if (enabled === true && !on)
    throw new DTypeError(
      `autocast: f16 needs shader-f16, which this adapter lacks (${currentDevice().name})`,
    );
  return within(on, () => synchronous("autocast", fn()));
}

/** Runs a function as if it were called now, whatever the state is then: for what is computed again in backward. */
export function autocastAsNow(): <R>(fn: () => R) => R {
  const on = active();
  return (fn) => within(on, fn);
}

/** An operand of a product: in f16, if a scope says so. */
export function lowered<T extends Tensor | null | undefined>(t: T): T {
  if (!active() || t?.dtype !== "f32") return t;
  return (t.isLeaf && t.requiresGrad ? castOnce(t, current!.casts) : castFloat(t, "f16")) as T;
}

/** An input of what f16 is too narrow for: in f32, if a scope says so. */
export function raised<T extends Tensor | null | undefined>(t: T): T {
  return (active() && t?.dtype === "f16" ? castFloat(t, "f32") : t) as T;
}

function within<R>(on: boolean, fn: () => R): R {
  const before = current;
  current = { on, trace: activeTrace(), running: runningNode(), casts: new Map() };
  try {
    return fn();
  } finally {
    current = before;
  }
}

/** Pullbacks take the dtypes they find. */
function active(): boolean {
  const trace = activeTrace();
  // What a recording opens itself is no state that it depends on.
  if (trace && current?.trace !== trace) trace.guard(outside, CELL);
  return current?.on === true && current.running === runningNode();
}

function outside(): boolean {
  return current?.on === true;
}

function castOnce(p: Tensor, casts: Map<Tensor, Cached>): Tensor {
  const trace = activeTrace();
  const { version } = p.storage;
  const known = casts.get(p);
  if (known && known.version === version && known.trace === trace && usable(known.cast)) return known.cast;
  const cast = castFloat(p, "f16");
  casts.set(p, { cast, version, trace });
  return cast;
}

/** Whether scopes and backward have left it there, with a tape if one is wanted. */
function usable(cast: Tensor): boolean {
  if (cast.released || cast.requiresGrad !== gradEnabled()) return false;
  return !cast.requiresGrad || cast.node?.pullback != null;
}
