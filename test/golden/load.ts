// Golden values: PyTorch float64 results that make.py wrote, typed for the tests (names: README.md).
// Parses the format itself, so that a fault in src/io/safetensors.ts cannot hide in what judges it.
import { readFileSync } from "node:fs";

export type GoldenDType = "F32" | "F64" | "I32" | "I64";
export type GoldenFamily =
  | "attention"
  | "linalg"
  | "shape2"
  | "loss2"
  | "conv"
  | "conv2"
  | "resize"
  | "pool"
  | "norm"
  | "loss"
  | "misc"
  | "layers"
  | "elementwise2"
  | "elementary"
  | "further"
  | "structure"
  | "penalties"
  | "twice"
  | "recurrent"
  | "reduce2"
  | "norm2";

export interface GoldenTensor {
  readonly dtype: GoldenDType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | BigInt64Array;
}

export type GoldenTensors = Readonly<Record<string, GoldenTensor>>;

export type GoldenRule = "elementwise" | "sums" | "selects" | "largest" | "exact";

export interface GoldenTolerance {
  readonly out?: number;
  readonly grad?: number;
  readonly gg?: number;
  /** S by part. */
  readonly size?: Readonly<Record<string, number>>;
  readonly why: string;
}

/** One call of one op. A test checks as many of its parts as the op has. */
export interface GoldenCase<Options = Record<string, unknown>> {
  readonly name: string;
  readonly op: string;
  /** As wgrad's op takes them (camelCase); absent = PyTorch's default. */
  readonly options: Options;
  /** By name, in the order of the op's arguments. */
  readonly inputs: GoldenTensors;
  readonly outputs: readonly GoldenTensor[];
  /** Upstream gradient of output i; undefined for integer outputs, empty where no gradient is recorded. */
  readonly dy: readonly (GoldenTensor | undefined)[];
  /** Gradient of sum_i(sum(output_i * dy_i)) by input. */
  readonly grads: GoldenTensors;
  /** Tangents by input; gg: gradient of sum_k(sum(grad_k * v_k)) by input and "dy.i". Empty: not recorded. */
  readonly v: GoldenTensors;
  readonly gg: GoldenTensors;
  /** Inputs that the op changes in place, as they are afterwards. */
  readonly after: GoldenTensors;
  /** Which rule of judge.ts its op is under. */
  readonly rule: GoldenRule;
  /** S of the bounds, by part ("out.0", "grad.x", "gg.dy.0"). */
  readonly sizes: GoldenTensors;
  /** Factors on the bounds, and why. */
  readonly tolerance?: GoldenTolerance;
}

/** 50 steps over `OptimizerGolden.params` with `grads`. */
export interface OptimizerCase<Options = Record<string, unknown>> {
  readonly name: string;
  readonly op: string;
  readonly options: Options;
  /** Parameters after 1, 2, 10 and 50 steps. */
  readonly steps: ReadonlyMap<number, readonly GoldenTensor[]>;
  /** State after the last step, one tensor a parameter: momentumBuffer, expAvg, expAvgSq, maxExpAvgSq. */
  readonly state: Readonly<Record<string, readonly GoldenTensor[]>>;
}

export interface ScheduleCase<Options = Record<string, unknown>> {
  readonly name: string;
  readonly op: string;
  readonly options: Options;
  /** The rate used at step t = 0..59. */
  readonly lr: Float64Array;
}

export interface OptimizerGolden {
  readonly params: readonly GoldenTensor[];
  /** [50, ...param shape] each. */
  readonly grads: readonly GoldenTensor[];
  readonly optimizers: readonly OptimizerCase[];
  readonly schedules: readonly ScheduleCase[];
}

type Header = Record<string, { dtype: GoldenDType; shape: number[]; data_offsets: [number, number] }>;
type Listed = {
  name: string;
  op: string;
  options: Record<string, unknown>;
  rule: GoldenRule;
  tolerance?: GoldenTolerance;
};

const VIEWS = {
  F32: (bytes: ArrayBuffer) => new Float32Array(bytes),
  F64: (bytes: ArrayBuffer) => new Float64Array(bytes),
  I32: (bytes: ArrayBuffer) => new Int32Array(bytes),
  I64: (bytes: ArrayBuffer) => new BigInt64Array(bytes),
} satisfies Record<GoldenDType, (bytes: ArrayBuffer) => GoldenTensor["data"]>;

/** The bytes of a golden file, e.g. "sequential.safetensors". */
export function goldenBytes(file: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(file, import.meta.url)));
}

/** All tensors of a file by name, and its metadata. */
export function goldenFile(file: string): {
  tensors: Map<string, GoldenTensor>;
  metadata: Record<string, string>;
} {
  const bytes = goldenBytes(file);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const parsed = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const { __metadata__: metadata = {}, ...header } = parsed as Header & {
    __metadata__?: Record<string, string>;
  };
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header as Header)) {
    const [from, to] = data_offsets.map((offset) => 8 + length + offset);
    tensors.set(name, { dtype, shape, data: VIEWS[dtype](bytes.buffer.slice(from, to)) });
  }
  return { tensors, metadata: metadata as Record<string, string> };
}

/** Tensors of one case under their names inside it: "in.x", "out.0", "grad.0.weight". */
function byCase(file: string): { listed: Listed[]; parts: Map<string, Map<string, GoldenTensor>> } {
  const { tensors, metadata } = goldenFile(file);
  const parts = new Map<string, Map<string, GoldenTensor>>();
  for (const [path, tensor] of tensors) {
    const cut = path.lastIndexOf("/");
    const name = path.slice(0, cut);
    if (!parts.has(name)) parts.set(name, new Map());
    parts.get(name)!.set(path.slice(cut + 1), tensor);
  }
  return { listed: JSON.parse(metadata.cases ?? "[]") as Listed[], parts };
}

function named(part: Map<string, GoldenTensor>, prefix: string): Record<string, GoldenTensor> {
  const found = [...part].filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(found.map(([key, tensor]) => [key.slice(prefix.length), tensor]));
}

function numbered(part: Map<string, GoldenTensor>, prefix: string): GoldenTensor[] {
  const list: GoldenTensor[] = [];
  for (const [key, tensor] of Object.entries(named(part, prefix))) list[Number(key)] = tensor;
  return list;
}

/** The cases of a family, or only those of one op. An op without a case is an error, not an empty suite. */
export function loadGolden<Options = Record<string, unknown>>(
  family: GoldenFamily,
  op?: string,
): GoldenCase<Options>[] {
  const { listed, parts } = byCase(`${family}.safetensors`);
  const wanted = listed.filter((item) => op === undefined || item.op === op);
  if (wanted.length === 0) throw new Error(`golden: no case of op ${op} in ${family}.safetensors`);
  return wanted.map((item) => {
    const part = parts.get(item.name)!;
    return {
      name: item.name,
      op: item.op,
      options: item.options as Options,
      inputs: named(part, "in."),
      outputs: numbered(part, "out."),
      dy: numbered(part, "dy."),
      grads: named(part, "grad."),
      v: named(part, "v."),
      gg: named(part, "gg."),
      after: named(part, "after."),
      rule: item.rule,
      sizes: named(part, "s."),
      tolerance: item.tolerance,
    };
  });
}

export function loadOptimizers(file = "optim.safetensors"): OptimizerGolden {
  const { listed, parts } = byCase(file);
  const optimizers: OptimizerCase[] = [];
  const schedules: ScheduleCase[] = [];
  for (const item of listed) {
    const part = parts.get(item.name)!;
    const lr = part.get("lr");
    if (lr) {
      schedules.push({ ...item, lr: lr.data as Float64Array });
      continue;
    }
    const groups = new Set([...part.keys()].map((key) => key.slice(0, key.lastIndexOf("."))));
    const lists = [...groups].map((key) => [key, numbered(part, `${key}.`)] as const);
    const steps = lists.filter(([key]) => key.startsWith("step"));
    const state = lists.filter(([key]) => key.startsWith("state."));
    optimizers.push({
      ...item,
      steps: new Map(steps.map(([key, list]) => [Number(key.slice("step".length)), list])),
      state: Object.fromEntries(state.map(([key, list]) => [key.slice("state.".length), list])),
    });
  }
  const shared = parts.get("shared")!;
  return { params: numbered(shared, "param."), grads: numbered(shared, "grad."), optimizers, schedules };
}

/** layers.json: what layers must agree on with PyTorch besides numbers. */
export interface LayersGolden {
  readonly torch: string;
  readonly sequential: {
    readonly modules: readonly { layer: string; args: Record<string, number> }[];
    /** Keys in PyTorch's order. */
    readonly stateDict: readonly { key: string; shape: number[]; dtype: "F32" | "I64" }[];
    readonly parameters: readonly string[];
  };
  readonly initBounds: readonly {
    layer: "Linear" | "Conv2d";
    args: Record<string, number | number[]>;
    fanIn: number;
    weightShape: number[];
    weightBound: number;
    biasBound: number;
    weightStd: number;
  }[];
  readonly initConstants: Readonly<Record<string, Record<string, number>>>;
  readonly initNormal: Readonly<Record<string, Record<string, { mean: number; std: number }>>>;
}

export function loadLayers(): LayersGolden {
  return JSON.parse(new TextDecoder().decode(goldenBytes("layers.json"))) as LayersGolden;
}
