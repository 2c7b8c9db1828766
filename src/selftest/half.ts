// The f16 column of the op table: the op on f16 tensors, forward against the float64 reference of the rounded inputs, its
// gradients against those of the same op in f32 (which check.ts holds to the reference). One sample a row.
import { type Device, withDevice } from "../gpu/device.ts";
import { DTypeError } from "../gpu/errors.ts";
import { grad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import { f16ToF32, f32ToF16 } from "../tensor/half.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Draw } from "./draw.ts";
import type { Nd } from "./nd.ts";
import type { HostTensor, OpRecord, Sample } from "./record.ts";

/** What the f16 column says of an op. */
export interface HalfReport {
  /** "native"; "none": takes no floats; "absent": no shader-f16; else the message with which the op refuses f16. */
  readonly f16: string;
  /** Largest |got - want| / max(1, largest |want|). */
  readonly error: number;
  readonly failures: readonly string[];
}

/**
 * How far an f16 result may be from its reference. Every operand that is stored costs half a unit of its last place,
 * 2^-11 of its size; arithmetic is f32 and costs nothing beside it. The result itself: 2^-10 |ref|, which is two such
 * roundings. What a composed op stores on its way may be as large as its largest operand or result, S, and cancel: four such
 * roundings, 2^-9 S. 2^-24, the smallest f16, is what remains of numbers that f16 cannot hold.
 */
function allowed(want: number, size: number): number {
  return 2 ** -10 * Math.abs(want) + 2 ** -9 * size + 2 ** -24;
}

const LEAST = 64; // values

/** The f16 column of one op. */
export async function checkHalf(record: OpRecord, device: Device): Promise<HalfReport> {
  const report = (f16: string, error = 0, failures: readonly string[] = []) => ({ f16, error, failures });
  if (!device.features.has("shader-f16")) return report("absent");
  const draw = new Draw(`${record.name}/f16`);
  const sample = chosen(record.samples(draw));
  if (!sample) return report("none");
  try {
    const { error, failures } = await new HalfCheck(record, sample, draw).run(device);
    return report("native", error, failures);
  } catch (error) {
    // An op that cannot says so in these words; any other DTypeError is a kernel that was forgotten.
    if (error instanceof DTypeError && /no f16/.test(error.message)) return report(error.message);
    return report("native", 0, [
      `f16 ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    ]);
  }
}

/** The least of its samples that is not trivial. */
function chosen(samples: readonly Sample[]): Sample | undefined {
  const floats = (s: Sample) => s.inputs.filter((t) => t.dtype === "f32").map((t) => t.data.length);
  const total = (s: Sample) => floats(s).reduce((a, b) => a + b, 0);
  const fit = samples.filter((s) => floats(s).length > 0 && floats(s).every((n) => n > 0));
  const rising = fit.toSorted((a, b) => total(a) - total(b));
  return rising.find((s) => total(s) >= LEAST) ?? rising.at(-1);
}

class HalfCheck {
  private readonly inputs: readonly HostTensor[];
  private readonly wanted: readonly number[];
  private readonly failures: string[] = [];
  private error = 0;

  constructor(
    private readonly record: OpRecord,
    private readonly sample: Sample,
    private readonly draw: Draw,
  ) {
    this.inputs = sample.inputs.map(rounded);
    this.wanted = this.inputs.flatMap((t, k) =>
      record.differentiable && t.dtype === "f32" && !t.fixed ? [k] : [],
    );
  }

  async run(device: Device): Promise<{ error: number; failures: readonly string[] }> {
    const half = withDevice(device, () => scope(() => this.compute("f16"), "f16"));
    const full = withDevice(device, () => scope(() => this.compute("f32"), "f16"));
    const want = [this.record.reference(this.inputs, this.sample.options)].flat() as Nd[];
    const read = (list: readonly Tensor[]) => Promise.all(list.map((t) => t.data()));
    const [y, dx, wanted] = await Promise.all([read(half.outputs), read(half.dx), read(full.dx)]);
    half.outputs.forEach((t, k) => {
      const exact = t.dtype !== "f16";
      if (full.outputs[k].dtype === "f32" && exact) this.failures.push(`result ${k} is ${t.dtype}`);
      this.compare(`result ${k}`, y[k], want[k].data, exact);
    });
    half.dx.forEach((t, i) => {
      if (t.dtype !== "f16") this.failures.push(`gradient ${i} is ${t.dtype}`);
      this.compare(`gradient ${i}`, dx[i], wanted[i], false);
    });
    for (const t of [half, full].flatMap((f) => [...f.outputs, ...f.dx])) t.release("f16");
    return { error: this.error, failures: this.failures.map((text) => `f16 ${text}`) };
  }

  private compute(dtype: "f16" | "f32"): { outputs: readonly Tensor[]; dx: readonly Tensor[] } {
    const xs = this.inputs.map((t, k) => put(t, dtype, this.wanted.includes(k)));
    const outputs = [this.record.run(xs, this.sample.options)].flat() as Tensor[];
    const roots = outputs.filter((t) => t.requiresGrad);
    if (this.wanted.length === 0 || roots.length === 0) return { outputs, dx: [] };
    const gradOutputs = roots.map((t, i) => {
      this.dy[i] ??= rounded(this.draw.signed(t.shape, 0.5, 1));
      return put(this.dy[i], dtype, false);
    });
    const targets = this.wanted.map((k) => xs[k]);
    const dx = grad(roots, targets, { gradOutputs, allowUnused: true });
    return { outputs, dx: dx.filter((g) => g !== null) };
  }

  private readonly dy: HostTensor[] = [];

  private compare(what: string, got: ArrayLike<number>, want: ArrayLike<number>, exact: boolean): void {
    const finite = (list: ArrayLike<number>) => Array.from(list).filter(Number.isFinite).map(Math.abs);
    const largest = finite(want).reduce((a, b) => Math.max(a, b), 0);
    const size = this.inputs
      .flatMap((t) => (t.dtype === "f32" ? finite(t.data) : []))
      .reduce((a, b) => Math.max(a, b), largest);
    for (let i = 0; i < want.length; i++) {
      const [g, w] = [got[i], want[i]];
      if (g === w || (Number.isNaN(g) && Number.isNaN(w))) continue;
      if (!exact && Math.abs(w) > 65000 && (Math.abs(g) === Number.POSITIVE_INFINITY || Math.abs(g) > 65000))
        continue;
      const off = Math.abs(g - w);
      if (Number.isFinite(off)) this.error = Math.max(this.error, off / Math.max(1, largest));
      if (exact ? off > 0 : !(off <= allowed(w, size))) {
        this.failures.push(`${what}[${i}] is ${g}, should be ${w}`);
        return;
      }
    }
  }
}

function rounded(t: HostTensor): HostTensor {
  return t.dtype === "f32" ? { ...t, data: Float64Array.from(f16ToF32(f32ToF16(t.data))) } : t;
}

function put(t: HostTensor, dtype: "f16" | "f32", requiresGrad: boolean): Tensor {
  const of = t.dtype === "f32" ? dtype : t.dtype;
  return tensor(Array.from(t.data), { shape: t.shape, dtype: of, requiresGrad });
}
