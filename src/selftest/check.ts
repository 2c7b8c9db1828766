// Checks a row of the op table on a device. For every sample: values against the float64 reference; with cotangent dy the
// gradients against differences of the reference; with random v the gradients of sum(gradient * v), for the inputs and for
// dy, against nested differences; and the op between other ops, with an input used twice, by accumulating backward.
import { type Device, withDevice } from "../gpu/device.ts";
import { add, mul } from "../kernels/binary.ts";
import { sum } from "../kernels/reduce.ts";
import { backward, grad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Bound, compareValues, type Worst } from "./bounds.ts";
import { type Direction, directions, moved, slope, slopeAlong } from "./differences.ts";
import { Draw } from "./draw.ts";
import { type Nd, nd } from "./nd.ts";
import type { HostTensor, OpRecord, Sample } from "./record.ts";

export interface RecordReport {
  readonly op: string;
  /** Samples and error cases. */
  readonly cases: number;
  /** Largest |got - want| / max(1, largest |want|). */
  readonly forwardError: number;
  readonly gradientError: number;
  readonly doubleGradientError: number;
  readonly failures: readonly string[];
}

export async function checkRecord(record: OpRecord, device: Device): Promise<RecordReport> {
  const draw = new Draw(record.name);
  const samples = record.samples(draw);
  const failures = checkErrors(record, device);
  const worst: Worst = { forward: 0, gradient: 0, doubleGradient: 0 };
  for (const s of samples) {
    try {
      const found = await new SampleCheck(record, s, draw, worst).run(device);
      failures.push(...found.map((text) => `${describe(s)}: ${text}`));
    } catch (error) {
      failures.push(
        `${describe(s)}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
  }
  return {
    op: record.name,
    cases: samples.length + record.errors.length,
    forwardError: worst.forward,
    gradientError: worst.gradient,
    doubleGradientError: worst.doubleGradient,
    failures,
  };
}

function describe({ inputs, options }: Sample): string {
  const shapes = inputs.map((t) => `${t.dtype}${formatShape(t.shape)}`).join(" ");
  return options === undefined ? shapes : `${shapes} ${JSON.stringify(options)}`;
}

function checkErrors(record: OpRecord, device: Device): string[] {
  return record.errors.flatMap((e) => {
    try {
      withDevice(device, () => scope(() => void e.run()));
    } catch (error) {
      if (error instanceof e.type && e.message.test(error.message)) return [];
      return [`${e.name}: expected ${e.type.name} ${e.message}, got ${String(error)}`];
    }
    return [`${e.name}: expected ${e.type.name} ${e.message}, got no error`];
  });
}

/** What the device gave: read together, then released. */
interface Found {
  readonly outputs: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  readonly second: readonly (Tensor | null)[];
  readonly secondDy: readonly (Tensor | null)[];
  readonly leaves: readonly Tensor[];
}

class SampleCheck {
  private readonly failures: string[] = [];
  private readonly inputs: readonly HostTensor[];
  private readonly want: readonly Nd[];
  /** Inputs with a gradient. */
  private readonly wanted: readonly number[];
  /** Outputs with a gradient, and their cotangents. */
  private roots: number[] = [];
  private dy: Nd[] = [];
  private readonly v: Direction;

  constructor(
    private readonly record: OpRecord,
    private readonly sample: Sample,
    private readonly draw: Draw,
    private readonly worst: Worst,
  ) {
    this.inputs = sample.inputs;
    this.want = this.reference(this.inputs);
    this.wanted = this.inputs.flatMap((t, k) =>
      record.differentiable && t.dtype === "f32" && !t.fixed ? [k] : [],
    );
    this.v = this.randomDirection();
  }

  async run(device: Device): Promise<readonly string[]> {
    const found = withDevice(device, () => scope(() => this.compute(), "check"));
    await this.checkForward(found.outputs);
    if (this.wanted.length > 0) {
      await this.checkGradient(found.gradients);
      await this.checkSecond(found);
      await this.checkMidGraph(found);
    }
    for (const t of [found.outputs, found.gradients, found.second, found.secondDy, found.leaves].flat()) {
      t?.release("check");
    }
    return this.failures;
  }

  private reference(inputs: readonly Nd[]): readonly Nd[] {
    const y = this.record.reference(inputs, this.sample.options);
    return Array.isArray(y) ? (y as readonly Nd[]) : [y as Nd];
  }

  private randomDirection(): Direction {
    return this.inputs.map((t, k) =>
      this.wanted.includes(k) ? this.draw.signed(t.shape, 0.5, 1).data : null,
    );
  }

  private upload(requiresGrad: boolean): Tensor[] {
    return this.inputs.map((t, k) => put(t, requiresGrad && this.wanted.includes(k)));
  }

  private apply(inputs: readonly Tensor[]): readonly Tensor[] {
    const y = this.record.run(inputs, this.sample.options);
    return Array.isArray(y) ? (y as readonly Tensor[]) : [y as Tensor];
  }

  /** Everything that runs on the device, in one go. */
  private compute(): Found {
    const xs = this.upload(true);
    const outputs = this.apply(xs);
    this.roots = outputs.flatMap((y, k) => (y.requiresGrad ? [k] : []));
    if (this.wanted.length === 0) return { outputs, gradients: [], second: [], secondDy: [], leaves: [] };
    if (this.roots.length === 0) throw new Error("no output requires a gradient");
    this.dy = this.roots.map((k) => this.draw.signed(outputs[k].shape, 0.5, 1));

    const dys = this.dy.map((d) => put(d as HostTensor, true));
    const targets = this.wanted.map((k) => xs[k]);
    const roots = this.roots.map((k) => outputs[k]);
    const plain = grad(roots, targets, {
      gradOutputs: this.dy.map((d) => put(d as HostTensor, false)),
      retainGraph: true,
      allowUnused: true,
    }).map((g, i) => g ?? zeroed(targets[i]));
    const recorded = grad(roots, targets, { gradOutputs: dys, createGraph: true, allowUnused: true });
    const taped = recorded.flatMap((g, i) => (g?.requiresGrad ? [i] : []));
    const none = (list: readonly unknown[]) => list.map(() => null);
    const seconds: (Tensor | null)[] =
      taped.length === 0
        ? [...none(targets), ...none(dys)]
        : grad(
            taped.map((i) => recorded[i]),
            [...targets, ...dys],
            { gradOutputs: taped.map((i) => this.cotangent(this.wanted[i])), allowUnused: true },
          );
    return {
      outputs,
      gradients: plain,
      second: seconds.slice(0, targets.length),
      secondDy: seconds.slice(targets.length),
      leaves: this.midGraph(),
    };
  }

  private cotangent(input: number): Tensor {
    return tensor(Float32Array.from(this.v[input] ?? []), { shape: this.inputs[input].shape });
  }

  /** loss = sum of 0.5 op(x * 1 + 0) dy, and of 2 x' v: backward twice leaves dx + 4 v. */
  private midGraph(): Tensor[] {
    const xs = this.upload(true);
    const inner = xs.map((x) => (x.requiresGrad ? add(mul(x, 1), 0) : x));
    const outputs = this.apply(inner);
    const terms = this.roots.map((k, i) =>
      sum(mul(mul(outputs[k], 0.5), put(this.dy[i] as HostTensor, false))),
    );
    for (const k of this.wanted) terms.push(sum(mul(mul(inner[k], 2), this.cotangent(k))));
    const loss = terms.reduce((a, b) => add(a, b));
    backward(loss, undefined, { retainGraph: true });
    backward(loss);
    return this.wanted.map((k) => xs[k]);
  }

  private async checkForward(outputs: readonly Tensor[]): Promise<void> {
    if (outputs.length !== this.want.length) {
      this.failures.push(`gives ${outputs.length} results, the reference ${this.want.length}`);
      return;
    }
    const { compare = "values", tolerance } = this.record;
    const sizes = compare === "sums" ? this.reference(this.inputs.map(absolute)) : null;
    const data = await Promise.all(outputs.map((y) => y.data()));
    for (const [k, y] of outputs.entries()) {
      const want = this.want[k];
      if (formatShape(y.shape) !== formatShape(want.shape)) {
        this.failures.push(`result ${k} has shape ${formatShape(y.shape)}, not ${formatShape(want.shape)}`);
        continue;
      }
      const exact = compare === "exact" || y.dtype !== "f32";
      const bound: Bound = {
        kind: exact ? "exact" : compare,
        sizes: sizes?.[k].data,
        factor: tolerance?.forward,
      };
      this.record1("forward", `result ${k}`, data[k], want.data, bound);
    }
  }

  /** sum over the outputs of dy * y */
  private loss(inputs: readonly Nd[]): number {
    const ys = this.reference(inputs);
    return this.roots.reduce((s, k, i) => s + dot(ys[k].data, this.dy[i].data), 0);
  }

  private async checkGradient(gradients: readonly Tensor[]): Promise<void> {
    const data = await Promise.all(gradients.map((g) => g.data()));
    this.checkAgainstSlopes("gradient", data, (d) => slopeAlong((x) => this.loss(x), this.inputs, d));
  }

  private async checkSecond(found: Found): Promise<void> {
    const along = (inputs: readonly Nd[]) => slopeAlong((x) => this.loss(x), inputs, this.v);
    const read = (list: readonly (Tensor | null)[], zero: (i: number) => number) =>
      Promise.all(list.map(async (t, i) => (t ? await t.data() : new Float32Array(zero(i)))));
    const second = await read(found.second, (i) => this.inputs[this.wanted[i]].data.length);
    this.checkAgainstSlopes("doubleGradient", second, (d) => slopeAlong(along, this.inputs, d));
    const secondDy = await read(found.secondDy, (i) => this.dy[i].data.length);
    for (const [i, k] of this.roots.entries()) {
      const want = slope((t) => this.reference(moved(this.inputs, this.v, t))[k].data);
      const bound: Bound = { kind: "gradient", factor: this.record.tolerance?.gradient };
      this.record1("gradient", `gradient of the gradient for dy ${i}`, secondDy[i], want, bound);
    }
  }

  /** Compares <gradient, d> with the slope along d for every direction d. */
  private checkAgainstSlopes(
    what: "gradient" | "doubleGradient",
    got: readonly ArrayLike<number>[],
    slopeOf: (d: Direction) => number,
  ): void {
    const list = directions(this.inputs, this.wanted, () => this.randomDirection());
    const along = list.map((d) => this.wanted.reduce((s, k, i) => s + (d[k] ? dot(d[k], got[i]) : 0), 0));
    const sizes = list.map((d) =>
      this.wanted.reduce((s, k, i) => s + (d[k] ? dotOfSizes(d[k], got[i]) : 0), 0),
    );
    const want = Float64Array.from(list, slopeOf);
    const bound: Bound = { kind: what, sizes, factor: this.record.tolerance?.[what] };
    this.record1(what, what, along, want, bound);
  }

  private async checkMidGraph({ gradients, leaves }: Found): Promise<void> {
    const [plain, twice] = await Promise.all([
      Promise.all(gradients.map((g) => g.data())),
      Promise.all(leaves.map((x) => x.grad?.data())),
    ]);
    for (const [i, k] of this.wanted.entries()) {
      const v = this.v[k] ?? [];
      const want = Float64Array.from(plain[i], (g, j) => g + 4 * v[j]);
      const got = twice[i];
      if (!got) this.failures.push(`mid-graph: input ${k} has no gradient`);
      else this.record1("gradient", `mid-graph gradient of input ${k}`, got, want, { kind: "gradient" });
    }
  }

  private record1(
    what: keyof Worst,
    text: string,
    got: ArrayLike<number>,
    want: ArrayLike<number>,
    bound: Bound,
  ): void {
    const { error, failure } = compareValues(got, want, bound);
    this.worst[what] = Math.max(this.worst[what], error);
    if (failure) this.failures.push(`${text}: ${failure}`);
  }
}

function put(t: HostTensor, requiresGrad: boolean): Tensor {
  return tensor(Array.from(t.data), { shape: t.shape, dtype: t.dtype, requiresGrad });
}

function zeroed(t: Tensor): Tensor {
  return tensor(new Float32Array(t.size), { shape: t.shape });
}

const absolute = (t: Nd): Nd => nd(t.shape, t.data.map(Math.abs));

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let s = 0;
  for (let i = 0; i < a.length; i++) s += a[i] * b[i];
  return s;
}

function dotOfSizes(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let s = 0;
  for (let i = 0; i < a.length; i++) s += Math.abs(a[i] * b[i]);
  return s;
}
