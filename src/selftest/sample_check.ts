// One sample of a row, on the device and in float64: values against the reference, gradients and gradients of gradients
// against its differences, and the gradients in the middle of a graph against those alone.
import type { Device } from "../gpu/device.ts";
import { formatShape } from "../tensor/shape.ts";
import { type Bound, compareValues, type Worst } from "./bounds.ts";
import { type Direction, directions, mixedSlope, moved, slope, slopeAlong } from "./differences.ts";
import type { Draw } from "./draw.ts";
import { type Nd, nd } from "./nd.ts";
import { type Measured, OnDevice } from "./on_device.ts";
import type { OpRecord, Sample } from "./record.ts";

/** What is wrong with a sample, and how far off it was. Rejects with what the op or the device threw. */
export async function checkSample(
  record: OpRecord,
  sample: Sample,
  draw: Draw,
  device: Device,
): Promise<{ failures: readonly string[]; worst: Worst }> {
  const wanted = sample.inputs.flatMap((t, k) =>
    record.differentiable && t.dtype === "f32" && !t.fixed ? [k] : [],
  );
  const random = () =>
    sample.inputs.map((t, k) => (wanted.includes(k) ? draw.signed(t.shape, 0.5, 1).data : null));
  const v = random();
  const onDevice = new OnDevice(record, sample, wanted, v, draw, device);
  const expected = new Expected(record, sample, onDevice, v, directions(sample.inputs, wanted, random));
  const measured = await onDevice.measured;
  return new Comparer(record, wanted, expected, v).compare(measured);
}

/** What the reference says: worked out while the device is busy. */
class Expected {
  readonly outputs: readonly Nd[];
  /** The op of the absolute inputs, for rows whose errors go with it. */
  readonly sizes: readonly Nd[] | null;
  /** The slopes of sum(dy * y) along the directions, and of those along v. */
  readonly slopes: Float64Array;
  readonly curvatures: Float64Array;
  /** d/dv of each output with a gradient. */
  readonly outputSlopes: readonly Float64Array[];

  constructor(
    private readonly record: OpRecord,
    private readonly sample: Sample,
    onDevice: OnDevice,
    v: Direction,
    readonly directions: readonly Direction[],
  ) {
    const { inputs } = sample;
    const { roots, dy } = onDevice;
    this.outputs = this.reference(inputs);
    this.sizes = record.compare === "sums" ? this.reference(inputs.map(absolute)) : null;
    const loss = (x: readonly Nd[]) => {
      const ys = this.reference(x);
      return roots.reduce((s, k, i) => s + dot(ys[k]?.data ?? [], dy[i].data), 0);
    };
    this.slopes = Float64Array.from(directions, (d) => slopeAlong(loss, inputs, d));
    this.curvatures = Float64Array.from(directions, (d) => mixedSlope(loss, inputs, d, v));
    const along = (t: number) => this.reference(moved(inputs, v, t));
    this.outputSlopes = v.some((d) => d) ? roots.map((k) => slope((t) => along(t)[k]?.data ?? [])) : [];
  }

  private reference(inputs: readonly Nd[]): readonly Nd[] {
    const y = this.record.reference(inputs, this.sample.options);
    return Array.isArray(y) ? (y as readonly Nd[]) : [y as Nd];
  }
}

class Comparer {
  private readonly failures: string[] = [];
  private readonly worst: Worst = { forward: 0, gradient: 0, doubleGradient: 0 };

  constructor(
    private readonly record: OpRecord,
    private readonly wanted: readonly number[],
    private readonly expected: Expected,
    private readonly v: Direction,
  ) {}

  compare(measured: Measured): { failures: readonly string[]; worst: Worst } {
    this.compareForward(measured);
    if (this.wanted.length > 0) {
      const { gradients, second } = measured;
      this.compareSlopes("gradient", gradients, this.expected.slopes);
      this.compareSlopes("doubleGradient", second, this.expected.curvatures);
      this.compareForDy(measured);
      this.compareMidGraph(measured);
    }
    return { failures: this.failures, worst: this.worst };
  }

  private compareForward({ outputs }: Measured): void {
    const { outputs: want, sizes } = this.expected;
    if (outputs.length !== want.length) {
      this.failures.push(`gives ${outputs.length} results, the reference ${want.length}`);
      return;
    }
    const { compare = "values", tolerance } = this.record;
    for (const [k, { shape, dtype, data }] of outputs.entries()) {
      if (formatShape(shape) !== formatShape(want[k].shape)) {
        this.failures.push(`result ${k} has shape ${formatShape(shape)}, not ${formatShape(want[k].shape)}`);
        continue;
      }
      const kind = dtype === "f32" ? compare : "exact";
      const bound: Bound = { kind, sizes: sizes?.[k].data, factor: tolerance?.forward };
      this.note("forward", `result ${k}`, data, want[k].data, bound);
    }
  }

  /** Compares <gradient, d> with the slope along d for every direction d. */
  private compareSlopes(
    what: "gradient" | "doubleGradient",
    got: readonly (ArrayLike<number> | null)[],
    want: Float64Array,
  ): void {
    const sum = (of: (a: ArrayLike<number>, b: ArrayLike<number>) => number) =>
      this.expected.directions.map((d) =>
        this.wanted.reduce((s, k, i) => {
          const [along, gradient] = [d[k], got[i]];
          return along && gradient ? s + of(along, gradient) : s;
        }, 0),
      );
    const bound: Bound = { kind: what, sizes: sum(dotOfSizes), factor: this.record.tolerance?.[what] };
    this.note(what, what, sum(dot), want, bound);
  }

  private compareForDy({ secondDy }: Measured): void {
    for (const [i, want] of this.expected.outputSlopes.entries()) {
      const bound: Bound = { kind: "gradient", factor: this.record.tolerance?.gradient };
      const got = secondDy[i] ?? new Float32Array(want.length);
      this.note("gradient", `gradient of the gradient for dy ${i}`, got, want, bound);
    }
  }

  private compareMidGraph({ gradients, twice }: Measured): void {
    for (const [i, k] of this.wanted.entries()) {
      const v = this.v[k] ?? [];
      const want = Float64Array.from(gradients[i], (g, j) => g + 4 * v[j]);
      const got = twice[i];
      if (!got) this.failures.push(`mid-graph: input ${k} has no gradient`);
      else this.note("gradient", `mid-graph gradient of input ${k}`, got, want, { kind: "gradient" });
    }
  }

  private note(
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
