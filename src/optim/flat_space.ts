// The parameters of an optimizer as one long vector, and what L-BFGS does with such vectors. A vector has one flat tensor a
// slab; it belongs to whoever made it, until release. The padding of slabs is zero in all of them.

import { add, div, mul, sub } from "../kernels/binary.ts";
import { sum } from "../kernels/reduce.ts";
import { max } from "../kernels/reduce_max.ts";
import { abs } from "../kernels/unary.ts";
import { flatten, type Run, settle, view } from "../tensor/flatten.ts";
import { noGrad } from "../tensor/mode.ts";
import { addInto, copyInto, fill } from "../tensor/primitives.ts";
import { keep, scope } from "../tensor/scope.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";

export type Vector = readonly Tensor[]; // [length] a slab

/** What the two-loop recursion needs of one step s: the change y of the gradient along it, and 1 / (y . s). */
export interface Curvature {
  readonly s: Vector;
  readonly y: Vector;
  readonly rho: number;
}

export class FlatSpace {
  private readonly runs: readonly Run[];

  constructor(private readonly params: readonly Tensor[]) {
    this.runs = flatten(params);
  }

  zeroGrad(): void {
    for (const p of this.params) p.grad = null;
  }

  /** A copy of the gradients as they are; zero for a parameter without. */
  gradient(): Vector {
    return this.make(() =>
      this.runs.map((run) => {
        settle(run);
        const g = copyInto(empty([run.length], "f32", run.grads.device), run.grads);
        for (const { param, offset, size } of run.segments) if (!param.grad) fill(view(g, offset, size), 0);
        return g;
      }),
    );
  }

  /** A copy of the parameters. */
  values(): Vector {
    return this.copy(this.runs.map((run) => run.values));
  }

  /** Puts the parameters back to `x`, and releases it. */
  restore(x: Vector): void {
    this.runs.forEach((run, i) => {
      copyInto(run.values, x[i]);
    });
    this.release(x);
  }

  /** Parameters += t d. */
  move(t: number, d: Vector): void {
    noGrad(() =>
      scope(() => {
        this.runs.forEach((run, i) => {
          addInto(run.values, mul(d[i], t));
        });
      }, "L-BFGS"),
    );
  }

  copy(x: Vector): Vector {
    return this.make(() => x.map((t) => copyInto(empty(t.shape, "f32", t.device), t)));
  }

  /** The sum of a x over the given pairs. */
  combine(...terms: readonly (readonly [number, Vector])[]): Vector {
    return this.make(() =>
      this.runs.map((_, i) => terms.map(([a, x]) => mul(x[i], a)).reduce((p, q) => add(p, q))),
    );
  }

  async dot(x: Vector, y: Vector): Promise<number> {
    return (await this.read(this.make(() => [dotOf(x, y)])))[0];
  }

  /** The largest |x|. */
  async largest(x: Vector): Promise<number> {
    return Math.max(...(await this.read(this.make(() => x.map((t) => max(abs(t)))))));
  }

  /** The largest |x|, and the sum of all. */
  async sizes(x: Vector): Promise<[number, number]> {
    const both = this.make(() => x.flatMap((t) => [max(abs(t)), sum(abs(t))]));
    const found = await this.read(both);
    const even = found.filter((_, i) => i % 2 === 0);
    return [Math.max(...even), found.filter((_, i) => i % 2 === 1).reduce((p, q) => p + q, 0)];
  }

  /** -H g, H the inverse Hessian that the history suggests (Nocedal & Wright, algorithm 7.4). Reads nothing back. */
  twoLoop(g: Vector, history: readonly Curvature[]): Vector {
    return this.make(() => {
      let q: Vector = g.map((t) => mul(t, -1));
      const alphas: Tensor[] = []; // [] each
      for (const { s, y, rho } of [...history].reverse()) {
        const alpha = mul(dotOf(s, q), rho);
        alphas.push(alpha);
        q = q.map((t, i) => sub(t, mul(y[i], alpha)));
      }
      const last = history.at(-1);
      if (last) {
        const scale = mul(dotOf(last.y, last.y), last.rho); // y . y / (y . s)
        q = q.map((t) => div(t, scale));
      }
      for (const { s, y, rho } of history) {
        const step = sub(alphas.pop()!, mul(dotOf(y, q), rho));
        q = q.map((t, i) => add(t, mul(s[i], step)));
      }
      return [...q];
    });
  }

  release(...vectors: readonly (Vector | null)[]): void {
    for (const v of vectors) for (const t of v ?? []) t.release("L-BFGS");
  }

  /** Runs `fn` without tape; its result outlives every scope. */
  private make(fn: () => Tensor[]): Vector {
    const made = noGrad(() => scope(fn, "L-BFGS"));
    for (const t of made) keep(t);
    return made;
  }

  private async read(scalars: readonly Tensor[]): Promise<number[]> {
    const values = await Promise.all(scalars.map((t) => t.item()));
    this.release(scalars);
    return values;
  }
}

/** [] */
function dotOf(x: Vector, y: Vector): Tensor {
  return x.map((t, i) => sum(mul(t, y[i]))).reduce((p, q) => add(p, q));
}
