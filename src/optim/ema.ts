// Exponential moving average of weights (torch.optim.swa_utils.AveragedModel with an EMA): a shadow of the parameters for
// evaluation, s = decay s + (1 - decay) p, one dispatch a slab.

import { HostScalar } from "../gpu/dispatch.ts";
import { FormatError, OptionError } from "../gpu/errors.ts";
import { hostEffect } from "../gpu/trace.ts";
import { emaStep } from "../kernels/optimizer_steps.ts";
import { isFloat } from "../tensor/dtype.ts";
import { flatten, view } from "../tensor/flatten.ts";
import { noGrad } from "../tensor/mode.ts";
import { copyInto } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import { empty, emptyPersistent, type Tensor } from "../tensor/tensor.ts";

export interface EmaOptions {
  /** Default 0.999. */
  readonly decay?: number;
  /** Let the decay grow as min(decay, (1 + t) / (10 + t)), t updates so far. Default false. */
  readonly warmup?: boolean;
  /** Further tensors (running statistics): f32 ones are averaged, others copied. Default none. */
  readonly buffers?: Iterable<Tensor>;
}

interface Pair {
  readonly live: Tensor;
  readonly shadow: Tensor;
}

/**
 * The average of the weights over the last 1 / (1 - decay) updates or so. Call `update` after the optimizer's step, inside or
 * outside compile; `swap` exchanges averages and weights, for evaluation and back.
 *
 * @throws OptionError unless decay lies in [0, 1]
 */
export class ExponentialMovingAverage {
  readonly decay: number;
  private readonly warmup: boolean;
  private readonly params: readonly Tensor[];
  private readonly slabs: readonly Pair[]; // [length] each
  private readonly buffers: readonly Pair[];
  private count = 0;

  constructor(params: Iterable<Tensor>, { decay = 0.999, warmup = false, buffers = [] }: EmaOptions = {}) {
    if (!(decay >= 0 && decay <= 1))
      throw new OptionError(`ExponentialMovingAverage: decay must lie in [0, 1], got ${decay}`);
    this.decay = decay;
    this.warmup = warmup;
    this.params = [...params];
    this.slabs = flatten(this.params).map((run) => shadowOf(run.values));
    this.buffers = [...buffers].map(shadowOf);
  }

  /** Moves the averages towards the weights as they are. */
  update(): void {
    hostEffect(() => {
      this.count++;
      return () => {
        this.count--;
      };
    });
    const fresh = new HostScalar(() => 1 - this.decayAt(this.count));
    noGrad(() => {
      for (const { live, shadow } of [...this.slabs, ...this.buffers]) {
        if (isFloat(live.dtype)) emaStep(live, shadow, { fresh });
        else copyInto(shadow, live);
      }
    });
  }

  /**
   * Exchanges averages and weights (and buffers), in place: once before an evaluation, once after it. Averages of f16 weights
   * are kept in f32 and rounded to f16 by each exchange.
   */
  swap(): void {
    noGrad(() =>
      scope(() => {
        for (const { live, shadow } of [...this.slabs, ...this.buffers]) {
          const held = copyInto(empty(live.shape, live.dtype, live.device), live);
          copyInto(live, shadow);
          copyInto(shadow, held);
        }
      }, "ema"),
    );
  }

  /** Runs `fn` with the averages in place of the weights. `fn` may be asynchronous. */
  async with<R>(fn: () => R | Promise<R>): Promise<R> {
    this.swap();
    try {
      return await fn();
    } finally {
      this.swap();
    }
  }

  /** Number of updates so far, to be saved with `stateTensors`. */
  state(): { count: number } {
    return { count: this.count };
  }

  /** The averages, `params.0` for the first parameter, `buffers.0` for the first buffer. Views. */
  stateTensors(): Map<string, Tensor> {
    const found = new Map<string, Tensor>();
    flatten(this.params).forEach((run, i) => {
      for (const { param, offset, size } of run.segments)
        found.set(`params.${this.params.indexOf(param)}`, view(this.slabs[i].shadow, offset, size));
    });
    this.buffers.forEach(({ shadow }, i) => {
      found.set(`buffers.${i}`, shadow);
    });
    return found;
  }

  /** Throws FormatError, and changes nothing, if these are not the averages of such parameters. */
  loadState({ count }: { count: number }, tensors: ReadonlyMap<string, Tensor>): void {
    const own = this.stateTensors();
    const wrong = [...own].filter(([name, t]) => tensors.get(name)?.size !== t.size).map(([name]) => name);
    if (wrong.length > 0 || tensors.size !== own.size)
      throw new FormatError(
        `ExponentialMovingAverage: the state does not fit; missing or of another size: ${wrong}`,
      );
    for (const [name, t] of own) copyInto(t, tensors.get(name)!.alias(t.shape));
    this.count = count;
  }

  private decayAt(t: number): number {
    return this.warmup ? Math.min(this.decay, (1 + t) / (10 + t)) : this.decay;
  }
}

function shadowOf(live: Tensor): Pair {
  const shadow = emptyPersistent(
    live.shape,
    isFloat(live.dtype) ? "f32" : live.dtype,
    live.device,
    "average of weights",
  );
  return { live, shadow: copyInto(shadow, live) };
}
