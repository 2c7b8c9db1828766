// What a sample gives on the device, computed in one go and read together: the outputs; with cotangents dy the gradients;
// with a direction v the gradients of sum(gradient * v), for the inputs and for dy; and the gradients that two calls of
// backward leave when the op stands between other ops and shares its inputs with them. Compares nothing: sample_check.ts.
import { type Device, withDevice } from "../gpu/device.ts";
import { add, mul } from "../kernels/binary.ts";
import { sum } from "../kernels/reduce.ts";
import { backward, grad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import { type DType, type TypedArray, typedArray } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Direction } from "./differences.ts";
import type { Draw } from "./draw.ts";
import type { HostTensor, OpRecord, Sample } from "./record.ts";

export interface Output {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TypedArray;
}

/** Host copies. Gradients: one for each input that has one; null where nothing depends on it. */
export interface Measured {
  readonly outputs: readonly Output[];
  readonly gradients: readonly TypedArray[];
  readonly second: readonly (TypedArray | null)[];
  readonly secondDy: readonly (TypedArray | null)[];
  readonly twice: readonly (TypedArray | null)[];
}

interface Found {
  readonly outputs: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  readonly second: readonly (Tensor | null)[];
  readonly secondDy: readonly (Tensor | null)[];
  readonly leaves: readonly Tensor[];
}

export class OnDevice {
  /** Outputs with a gradient, and their cotangents. */
  readonly roots: readonly number[];
  readonly dy: readonly HostTensor[];
  /** Rejects with what the device complained about. */
  readonly measured: Promise<Measured>;

  /** Starts the work; `wanted`: the inputs with a gradient. */
  constructor(
    private readonly record: OpRecord,
    private readonly sample: Sample,
    private readonly wanted: readonly number[],
    private readonly v: Direction,
    draw: Draw,
    device: Device,
  ) {
    const [found, roots, dy] = withDevice(device, () => scope(() => this.compute(draw), "check"));
    this.roots = roots;
    this.dy = dy;
    this.measured = read(found);
    this.measured.catch(() => {}); // whoever awaits it sees it; nobody may have got so far
  }

  private compute(draw: Draw): [Found, number[], HostTensor[]] {
    const xs = this.upload(true);
    const outputs = this.apply(xs);
    const rootIndices = outputs.flatMap((y, k) => (y.requiresGrad ? [k] : []));
    if (this.wanted.length === 0) {
      return [{ outputs, gradients: [], second: [], secondDy: [], leaves: [] }, rootIndices, []];
    }
    if (rootIndices.length === 0) throw new Error("no output requires a gradient");
    const dy = rootIndices.map((k) => draw.signed(outputs[k].shape, 0.5, 1));
    const targets = this.wanted.map((k) => xs[k]);
    const roots = rootIndices.map((k) => outputs[k]);
    const gradients = grad(roots, targets, {
      gradOutputs: dy.map((d) => put(d, false)),
      retainGraph: true,
      allowUnused: true,
    }).map((g, i) => g ?? zeroed(targets[i]));
    const [second, secondDy] = this.secondOrder(
      roots,
      targets,
      dy.map((d) => put(d, true)),
    );
    const leaves = this.midGraph(rootIndices, dy);
    return [{ outputs, gradients, second, secondDy, leaves }, rootIndices, dy];
  }

  private secondOrder(
    roots: readonly Tensor[],
    targets: readonly Tensor[],
    dys: readonly Tensor[],
  ): [(Tensor | null)[], (Tensor | null)[]] {
    const recorded = grad(roots, targets, { gradOutputs: dys, createGraph: true, allowUnused: true });
    const taped = recorded.flatMap((g, i) => (g?.requiresGrad ? [i] : []));
    if (taped.length === 0) return [targets.map(() => null), dys.map(() => null)];
    const found = grad(
      taped.map((i) => recorded[i]),
      [...targets, ...dys],
      { gradOutputs: taped.map((i) => this.cotangent(this.wanted[i])), allowUnused: true },
    );
    return [found.slice(0, targets.length), found.slice(targets.length)];
  }

  /** loss = sum of 0.5 op(x * 1 + 0) dy, and of 2 x' v: backward twice leaves dx + 4 v. */
  private midGraph(rootIndices: readonly number[], dy: readonly HostTensor[]): Tensor[] {
    const xs = this.upload(true);
    const inner = xs.map((x) => (x.requiresGrad ? add(mul(x, 1), 0) : x));
    const outputs = this.apply(inner);
    const terms = rootIndices.map((k, i) => sum(mul(mul(outputs[k], 0.5), put(dy[i], false))));
    for (const k of this.wanted) terms.push(sum(mul(mul(inner[k], 2), this.cotangent(k))));
    const loss = terms.reduce((a, b) => add(a, b));
    backward(loss, undefined, { retainGraph: true });
    backward(loss);
    return this.wanted.map((k) => xs[k]);
  }

  private upload(requiresGrad: boolean): Tensor[] {
    return this.sample.inputs.map((t, k) => put(t, requiresGrad && this.wanted.includes(k)));
  }

  private apply(inputs: readonly Tensor[]): readonly Tensor[] {
    const y = this.record.run(inputs, this.sample.options);
    return Array.isArray(y) ? (y as readonly Tensor[]) : [y as Tensor];
  }

  private cotangent(input: number): Tensor {
    return tensor(Float32Array.from(this.v[input] ?? []), { shape: this.sample.inputs[input].shape });
  }
}

/** All reads are under way at once: each costs a wait, in Firefox of 100 ms. */
async function read({ outputs, gradients, second, secondDy, leaves }: Found): Promise<Measured> {
  const all = (list: readonly (Tensor | null)[]) => Promise.all(list.map((t) => t?.data() ?? null));
  try {
    const [y, dx, ddx, ddy, twice] = await Promise.all([
      Promise.all(outputs.map(async (t) => ({ shape: t.shape, dtype: t.dtype, data: await t.data() }))),
      Promise.all(gradients.map((g) => g.data())),
      all(second),
      all(secondDy),
      all(leaves.map((x) => x.grad ?? null)),
    ]);
    return { outputs: y, gradients: dx, second: ddx, secondDy: ddy, twice };
  } finally {
    for (const t of [...outputs, ...gradients, ...second, ...secondDy, ...leaves]) t?.release("check");
  }
}

function put(t: HostTensor, requiresGrad: boolean): Tensor {
  return tensor(typedArray(t.dtype, t.data), { shape: t.shape, dtype: t.dtype, requiresGrad });
}

function zeroed(t: Tensor): Tensor {
  return tensor(new Float32Array(t.size), { shape: t.shape });
}
