// L-BFGS (torch.optim.LBFGS; Nocedal & Wright 2006, algorithms 7.4 and 7.5): curvature from the last few gradients. The vectors
// stay on the GPU, the decisions are the CPU's: every evaluation reads the loss back. Not for compile; the closure may be
// compiled. The line search: strong_wolfe.ts.

import { OptionError } from "../gpu/errors.ts";
import { enableGrad } from "../tensor/mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Curvature, FlatSpace, type Vector } from "./flat_space.ts";
import { checkNumber } from "./optimizer.ts";
import { type Probe, strongWolfe } from "./strong_wolfe.ts";

export interface LBFGSOptions {
  /** Length of a step, or where the line search begins. Default 1. */
  readonly lr?: number;
  /** Iterations in one `step`. Default 20. */
  readonly maxIter?: number;
  /** Evaluations in one `step`. Default maxIter * 1.25. */
  readonly maxEval?: number;
  /** Stop where no gradient is larger. Default 1e-7. */
  readonly toleranceGrad?: number;
  /** Stop where neither loss nor weights move more. Default 1e-9. */
  readonly toleranceChange?: number;
  /** Pairs of steps and gradient changes that are kept. Default 100. */
  readonly historySize?: number;
  /** Default null: every step has length lr. */
  readonly lineSearchFn?: "strong_wolfe" | null;
}

/** Clears gradients, computes the loss, calls backward; gives the loss. */
export type Closure = () => Tensor | Promise<Tensor>;

/**
 * L-BFGS. `await optimizer.step(closure)` runs up to maxIter iterations and gives the loss before them.
 *
 * Memory: 2 historySize + 4 vectors of the parameters' size.
 *
 * @throws OptionError for options out of range
 */
export class LBFGS {
  readonly groups: { lr: number }[];
  private readonly options: Required<LBFGSOptions>;
  private readonly space: FlatSpace;
  private history: Curvature[] = [];
  private direction: Vector | null = null;
  private gradient: Vector | null = null; // where `direction` was taken
  private length = 0;
  private iterations = 0;

  constructor(params: Iterable<Tensor>, options: LBFGSOptions = {}) {
    const { maxIter = 20 } = options;
    const defaults = { lr: 1, maxIter, maxEval: Math.floor((maxIter * 5) / 4), toleranceGrad: 1e-7 };
    const more = { toleranceChange: 1e-9, historySize: 100, lineSearchFn: null };
    this.options = { ...defaults, ...more, ...options };
    const { lr, maxEval, historySize, lineSearchFn } = this.options;
    checkNumber("LBFGS", "lr", lr, "non-negative");
    for (const [name, n] of Object.entries({ maxIter, maxEval, historySize }))
      if (!Number.isInteger(n) || n < 1)
        throw new OptionError(`LBFGS: ${name} must be a positive integer, got ${n}`);
    if (lineSearchFn !== null && lineSearchFn !== "strong_wolfe")
      throw new OptionError(`LBFGS: lineSearchFn must be "strong_wolfe" or null, got ${lineSearchFn}`);
    this.groups = [{ lr }];
    this.space = new FlatSpace([...params]);
  }

  zeroGrad(): void {
    this.space.zeroGrad();
  }

  /** Forgets the curvature. */
  reset(): void {
    for (const { s, y } of this.history) this.space.release(s, y);
    this.space.release(this.direction, this.gradient);
    this.history = [];
    this.direction = this.gradient = null;
    this.iterations = 0;
  }

  async step(closure: Closure): Promise<number> {
    const { maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn } = this.options;
    const { space } = this;
    const [{ lr }] = this.groups;
    const evaluate = async () => {
      const loss = await enableGrad(() => ({ loss: closure() })).loss;
      const value = await loss.item();
      loss.release("LBFGS");
      return value;
    };
    const first = await evaluate();
    let loss = first;
    let evaluations = 1;
    let g = space.gradient();
    const replace = (next: Vector) => {
      if (next !== g) space.release(g);
      g = next;
    };
    let [largest, total] = await space.sizes(g);
    for (let n = 1; n <= maxIter && largest > toleranceGrad; n++) {
      const d = await this.turn(g);
      const slope = await space.dot(g, d);
      const before = loss;
      this.length = this.iterations === 1 ? Math.min(1, 1 / total) * lr : lr;
      if (slope > -toleranceChange) break;
      if (lineSearchFn) {
        const at = (t: number) => this.probe(t, d, evaluate);
        const start: Probe<Vector> = { t: 0, f: loss, g, slope };
        const found = await strongWolfe(at, start, this.length, await space.largest(d), toleranceChange);
        for (const p of found.others) if (p.g !== g) space.release(p.g);
        loss = found.best.f;
        this.length = found.best.t;
        evaluations += found.evaluations;
        space.move(this.length, d);
        replace(found.best.g);
      } else {
        space.move(this.length, d);
        if (n === maxIter) break; // PyTorch does not look where the last step led
        loss = await evaluate();
        evaluations++;
        replace(space.gradient());
      }
      [largest, total] = await space.sizes(g);
      if (evaluations >= maxEval || (await space.largest(d)) * Math.abs(this.length) <= toleranceChange)
        break;
      if (Math.abs(loss - before) < toleranceChange) break;
    }
    space.release(g);
    return first;
  }

  /** Updates the history with what the last step showed, and gives the direction to go: -H g, by the two-loop recursion. */
  private async turn(g: Vector): Promise<Vector> {
    const { space } = this;
    this.iterations++;
    if (!this.direction || !this.gradient) {
      this.direction = space.combine([-1, g]);
      this.gradient = space.copy(g);
      return this.direction;
    }
    const y = space.combine([1, g], [-1, this.gradient]);
    const s = space.combine([this.length, this.direction]);
    const ys = await space.dot(y, s);
    if (ys > 1e-10) {
      this.history.push({ s, y, rho: 1 / ys });
      if (this.history.length > this.options.historySize) {
        const oldest = this.history.shift()!;
        space.release(oldest.s, oldest.y);
      }
    } else space.release(s, y);
    space.release(this.direction, this.gradient);
    this.gradient = space.copy(g);
    this.direction = space.twoLoop(g, this.history);
    return this.direction;
  }

  private async probe(t: number, d: Vector, evaluate: () => Promise<number>): Promise<Probe<Vector>> {
    const { space } = this;
    const here = space.values();
    space.move(t, d);
    const f = await evaluate();
    const g = space.gradient();
    space.restore(here);
    return { t, f, g, slope: await space.dot(g, d) };
  }
}
