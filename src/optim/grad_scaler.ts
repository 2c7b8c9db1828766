// Dynamic loss scaling (torch.cuda.amp.GradScaler; Micikevicius et al. 2018, section 3.2): f16 gradients below 6e-8 would be 0, so
// the loss is multiplied up and the gradients divided down again; where that overflows, the step is skipped and the scale halved.
// All of it is decided on the GPU: scale, growth tracker, Inf flag and step counts live there, and no step reads anything back.

import { currentDevice } from "../gpu/device.ts";
import { HostScalar } from "../gpu/dispatch.ts";
import { FormatError, OptionError, UsageError } from "../gpu/errors.ts";
import { activeTrace, HostState } from "../gpu/trace.ts";
import { mul } from "../kernels/binary.ts";
import { scalerUpdate, unscaleFlat } from "../kernels/step_control.ts";
import { tensor } from "../tensor/create.ts";
import { noGrad } from "../tensor/mode.ts";
import { copyInto } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import { emptyPersistent, Tensor } from "../tensor/tensor.ts";
import { flatGradients } from "./clip.ts";
import type { GatedOptimizer } from "./optimizer.ts";

export interface GradScalerOptions {
  /** Default 2 ** 16. */
  readonly initScale?: number;
  /** The scale is multiplied by it after growthInterval good steps in a row. Default 2. */
  readonly growthFactor?: number;
  /** The scale is multiplied by it after a step with Inf or NaN. Default 0.5. */
  readonly backoffFactor?: number;
  /** Default 2000. */
  readonly growthInterval?: number;
  /** False: `scale` and `unscale` do nothing, `step` is the optimizer's own. Default true. */
  readonly enabled?: boolean;
}

export interface GradScalerState {
  readonly scale: number;
  readonly growthFactor: number;
  readonly backoffFactor: number;
  readonly growthInterval: number;
  readonly growthTracker: number;
}

/** Where an optimizer stands since the last `update`. */
type Stage = "ready" | "unscaled" | "stepped";

interface Served {
  readonly found: Tensor;
  readonly stage: HostState<Stage>;
}

/**
 * Scales losses so that f16 gradients neither vanish nor overflow (torch.cuda.amp.GradScaler).
 *
 *   optimizer.zeroGrad(); backward(scaler.scale(loss)); scaler.step(optimizer); scaler.update();
 *
 * or `optimizer.minimize(loss, { scaler })`, inside or outside compile. To clip, call `unscale(optimizer)` and `clipGradNorm`
 * before `step`. A step whose gradients hold an Inf or a NaN leaves parameters, moments and step counts untouched, bit for bit.
 * One scaler serves any number of optimizers: `update` once, after the steps of all.
 *
 * @throws OptionError for factors on the wrong side of 1, a scale that is not positive and finite, or an interval below 1
 */
export class GradScaler {
  readonly enabled: boolean;
  growthFactor: number;
  backoffFactor: number;
  growthInterval: number;
  /** (scale, growth tracker, Inf found so far, -) */
  private readonly state: Tensor | null;
  private readonly served: Served[] = [];
  private readonly byOptimizer = new WeakMap<GatedOptimizer, Served>();

  constructor(options: GradScalerOptions = {}) {
    const { initScale = 2 ** 16, growthFactor = 2, backoffFactor = 0.5, growthInterval = 2000 } = options;
    checkFactors({ scale: initScale, growthFactor, backoffFactor, growthInterval });
    this.enabled = options.enabled ?? true;
    this.growthFactor = growthFactor;
    this.backoffFactor = backoffFactor;
    this.growthInterval = growthInterval;
    this.state = this.enabled ? emptyPersistent([4], "f32", currentDevice(), "gradient scaler") : null;
    this.put(initScale, 0);
  }

  /** loss * scale, in f32; a list gives a list. */
  scale(loss: Tensor): Tensor;
  scale(losses: readonly Tensor[]): Tensor[];
  scale(loss: Tensor | readonly Tensor[]): Tensor | Tensor[] {
    if (loss instanceof Tensor) return this.state ? mul(loss, scaleOf(this.state)) : loss;
    return loss.map((l) => this.scale(l));
  }

  /**
   * Divides the gradients of the optimizer's parameters by the scale, in place, and notes an Inf or NaN among them. Only needed
   * to look at the gradients or to clip them: `step` does it otherwise.
   *
   * @throws UsageError a second time before `update`, or after `step`
   */
  unscale(optimizer: GatedOptimizer): void {
    if (!this.state) return;
    const { stage, found } = this.serve("unscale", optimizer);
    if (stage.get() !== "ready")
      throw new UsageError(
        `GradScaler.unscale: called after ${stage.get() === "unscaled" ? "unscale" : "step"}`,
      );
    const { state } = this;
    noGrad(() => {
      unscaleFlat(flatGradients(optimizer.groups.flatMap((g) => [...g.params])), state, found);
    });
    stage.set("unscaled");
  }

  /**
   * The optimizer's step, unless its gradients hold an Inf or NaN; unscales them first where `unscale` has not.
   *
   * @throws UsageError a second time before `update`; for LBFGS, which decides on the CPU
   */
  step(optimizer: GatedOptimizer): void {
    if (!this.state) {
      optimizer.step();
      return;
    }
    const { stage } = this.serve("step", optimizer);
    if (stage.get() === "stepped") throw new UsageError("GradScaler.step: called twice without update");
    if (stage.get() === "ready") this.unscale(optimizer);
    optimizer.gatedStep();
    stage.set("stepped");
  }

  /**
   * The next scale: smaller if a gradient since the last update was Inf or NaN, larger after growthInterval good ones.
   *
   * @throws UsageError where nothing was unscaled or stepped before
   */
  update(): void {
    if (!this.state) return;
    activeTrace()?.guard(() => this.served.length, this.served);
    const round = this.served.filter(({ stage }) => stage.get() !== "ready");
    if (round.length === 0) throw new UsageError("GradScaler.update: no optimizer was stepped before");
    const params = {
      growth: new HostScalar(() => this.growthFactor),
      backoff: new HostScalar(() => this.backoffFactor),
      interval: new HostScalar(() => this.growthInterval),
    };
    scalerUpdate(
      round.map(({ found }) => found),
      this.state,
      params,
    );
    for (const { stage } of round) stage.set("ready");
  }

  /** The scale now: reads it back, not for every step. 1 if not enabled. */
  async getScale(): Promise<number> {
    return this.state ? scaleOf(this.state).item() : 1;
  }

  /** For a checkpoint: reads scale and growth tracker back. Empty if not enabled, as PyTorch's. */
  async stateDict(): Promise<GradScalerState | Record<string, never>> {
    if (!this.state) return {};
    const [scale, growthTracker] = await this.state.data();
    const { growthFactor, backoffFactor, growthInterval } = this;
    return { scale, growthFactor, backoffFactor, growthInterval, growthTracker };
  }

  /** Throws FormatError for anything that `stateDict` of such a scaler cannot have given. */
  checkState(saved: GradScalerState | Record<string, never>): void {
    if (!this.state) return;
    const { growthTracker, ...factors } = (saved ?? {}) as GradScalerState;
    try {
      checkFactors(factors);
    } catch (cause) {
      throw new FormatError(`GradScaler: the state does not fit; ${(cause as Error).message}`, { cause });
    }
    if (!Number.isInteger(growthTracker) || growthTracker < 0)
      throw new FormatError(`GradScaler: the state does not fit; growthTracker ${growthTracker}`);
  }

  /**
   * Goes on where `stateDict` was taken.
   *
   * @throws FormatError, and changes nothing, for anything else; UsageError inside compile
   */
  loadStateDict(saved: GradScalerState | Record<string, never>): void {
    if (!this.state) return;
    this.checkState(saved);
    const { scale, growthFactor, backoffFactor, growthInterval, growthTracker } = saved as GradScalerState;
    this.put(scale, growthTracker);
    this.growthFactor = growthFactor;
    this.backoffFactor = backoffFactor;
    this.growthInterval = growthInterval;
  }

  private put(scale: number, tracker: number): void {
    const { state } = this;
    if (!state) return;
    // A replay would do it again.
    if (activeTrace()) throw new UsageError("GradScaler: make it, and load its state, outside compile");
    scope(() => {
      copyInto(state, tensor([scale, tracker, 0, 0], { device: state.device }));
    }, "GradScaler");
  }

  private serve(method: string, optimizer: GatedOptimizer): Served {
    if (typeof optimizer.gatedStep !== "function")
      throw new UsageError(
        `GradScaler.${method}: ${(optimizer as object).constructor.name} decides on the CPU; it cannot be scaled`,
      );
    let served = this.byOptimizer.get(optimizer);
    if (!served) {
      served = { found: optimizer.foundInf, stage: new HostState<Stage>("ready") };
      this.byOptimizer.set(optimizer, served);
      this.served.push(served);
    }
    return served;
  }
}

/** [] */
function scaleOf(state: Tensor): Tensor {
  return new Tensor([], "f32", state.device, state.storage, state.byteOffset);
}

function checkFactors(given: Omit<GradScalerState, "growthTracker">): void {
  const { scale, growthFactor, backoffFactor, growthInterval } = given;
  if (!(scale > 0 && Number.isFinite(Math.fround(scale))))
    throw new OptionError(`GradScaler: the scale must be positive and finite, got ${scale}`);
  if (!(growthFactor > 1))
    throw new OptionError(`GradScaler: growthFactor must exceed 1, got ${growthFactor}`);
  if (!(backoffFactor > 0 && backoffFactor < 1))
    throw new OptionError(`GradScaler: backoffFactor must lie in (0, 1), got ${backoffFactor}`);
  if (!Number.isInteger(growthInterval) || growthInterval < 1)
    throw new OptionError(`GradScaler: growthInterval must be a positive integer, got ${growthInterval}`);
}
