// What an op refuses, one line an op: a wrong shape, a wrong dtype, an option out of range, each by its message, or the reason
// why the op refuses nothing of the kind. Lines are in refusals/, beside the error cases of the rows; an error case is the
// row's first sample with one thing wrong. test/ops/refusals.test.ts: every op has all three.
import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { tensor, zeros } from "../tensor/create.ts";
import type { DType } from "../tensor/dtype.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Draw } from "./draw.ts";
import type { ErrorCase, HostTensor, OpRecord, Sample } from "./record.ts";

export type RefusalKind = "shape" | "dtype" | "option";

/** The first sample with another shape or dtype of one input, or with other options (an object: merged). */
interface Wrong {
  readonly input?: number;
  readonly shape?: Shape;
  readonly dtype?: DType;
  readonly options?: unknown;
  readonly message: RegExp;
  /** Default by kind. */
  readonly type?: ErrorCase["type"];
}

/** A reason in words: nothing of the kind is refused. */
export type Refusals = Readonly<Partial<Record<RefusalKind, Wrong | string>>>;

const KINDS: readonly RefusalKind[] = ["shape", "dtype", "option"];
const TYPES = { shape: ShapeError, dtype: DTypeError, option: OptionError } as const;

/** The kind that an error case of a row shows. An axis out of range is a wrong option, though it is a ShapeError. */
export function kindOf({ kind, name, type }: ErrorCase): RefusalKind {
  if (kind) return kind;
  if (type === DTypeError) return "dtype";
  return type === ShapeError && !/ax[ei]s|range|index/.test(name) ? "shape" : "option";
}

/** The row with the error cases of its line, and its reasons. */
export function withRefusals(record: OpRecord, refusals: Refusals | undefined): OpRecord {
  if (!refusals) return record;
  const errors: ErrorCase[] = [];
  const accepts: Partial<Record<RefusalKind, string>> = {};
  for (const kind of KINDS) {
    const refusal = refusals[kind];
    if (typeof refusal === "string") accepts[kind] = refusal;
    else if (refusal) errors.push(errorCase(record, kind, refusal));
  }
  return { ...record, errors: [...record.errors, ...errors], accepts };
}

function errorCase(record: OpRecord, kind: RefusalKind, wrong: Wrong): ErrorCase {
  const { message, type = TYPES[kind] } = wrong;
  const run = () => {
    const { inputs, options } = firstSample(record);
    const tensors = inputs.map((t, k) => (k === wrong.input ? spoilt(t, wrong) : put(t)));
    return record.run(tensors, wrong.options === undefined ? options : changed(options, wrong.options));
  };
  return { name: `wrong ${kind}`, kind, run, message, type };
}

function firstSample(record: OpRecord): Sample {
  const samples = record.samples(new Draw(record.name));
  const full = (s: Sample) => s.inputs.length > 0 && s.inputs.every((t) => numel(t.shape) > 0);
  return samples.find(full) ?? samples[0];
}

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
const changed = (options: unknown, other: unknown) =>
  isObject(options) && isObject(other) ? { ...(options as object), ...(other as object) } : other;

const put = (t: HostTensor): Tensor => tensor(Array.from(t.data), { shape: t.shape, dtype: t.dtype });
const spoilt = (t: HostTensor, { shape = t.shape, dtype = t.dtype }: Wrong): Tensor =>
  zeros(shape, { dtype });
