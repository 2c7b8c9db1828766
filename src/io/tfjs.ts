// Weights as TensorFlow.js stores them: a manifest (JSON) of groups, each a run of tensors over one or more binary shards,
// little-endian, without gaps; float32, int32, bool, or quantised to 8 or 16 bits (value = q * scale + min) or to float16.
// The layers around them, Keras' or a graph's, are not read: names and shapes are as they stand there (kernels HWIO).

import { FormatError } from "../gpu/errors.ts";
import { f16ToF32 } from "./half.ts";
import { joinBytes } from "./join_bytes.ts";

export interface TfjsWeight {
  /** Quantised weights as the f32 they stand for; bool as 0 and 1. */
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

const BYTES = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 } as const;
type Stored = keyof typeof BYTES;

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly stored: Stored;
  readonly scale: number;
  readonly min: number;
  readonly bytes: number;
}

/**
 * All weights by name. `model` is a parsed `model.json` or its `weightsManifest`; `shards` the bytes of every file it names.
 *
 * @throws FormatError, naming the weight or file: no manifest, a shard that is missing, too short or too long, a dtype that is not
 *   read, a name that stands twice
 */
export function readTfjsWeights(
  model: unknown,
  shards: ReadonlyMap<string, Uint8Array> | Readonly<Record<string, Uint8Array>>,
): Map<string, TfjsWeight> {
  const files = new Map(shards instanceof Map ? shards : Object.entries(shards));
  const weights = new Map<string, TfjsWeight>();
  for (const group of groupsOf(model)) {
    const paths = texts(group.paths, "paths");
    const bytes = joinBytes(paths.map((path) => files.get(path) ?? fail(`no shard ${path}`)));
    let at = 0;
    for (const given of list(group.weights, "weights")) {
      const entry = entryOf(given);
      const { name } = entry;
      if (weights.has(name)) fail(`${name} stands twice`);
      if (at + entry.bytes > bytes.length)
        fail(`${name} needs ${entry.bytes} bytes at ${at}, ${paths.join(", ")} end at ${bytes.length}`);
      weights.set(name, { data: valuesOf(entry, bytes.slice(at, at + entry.bytes)), shape: entry.shape });
      at += entry.bytes;
    }
    if (at !== bytes.length) fail(`${paths.join(", ")} hold ${bytes.length} bytes, their weights take ${at}`);
  }
  return weights;
}

/** The files a manifest names, in order: what to fetch before reading. Throws FormatError as `readTfjsWeights` does. */
export function tfjsShards(model: unknown): string[] {
  return groupsOf(model).flatMap((group) => texts(group.paths, "paths"));
}

type Fields = Readonly<Record<string, unknown>>;

function groupsOf(model: unknown): Fields[] {
  const manifest = Array.isArray(model) ? model : (model as Fields | null)?.weightsManifest;
  return list(manifest, "weightsManifest").map((group) => fields(group, "a group"));
}

function entryOf(given: unknown): Entry {
  const { name, shape, dtype, quantization } = fields(given, "a weight");
  if (typeof name !== "string" || name === "") fail("a weight has no name");
  const sizes = list(shape, `shape of ${name}`);
  if (!sizes.every((n) => Number.isSafeInteger(n) && (n as number) >= 0)) fail(`${name}: shape [${sizes}]`);
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool")
    fail(`${name}: dtype ${dtype} is not read (float32, int32, bool)`);
  const q = quantization === undefined ? null : fields(quantization, `quantization of ${name}`);
  const stored = q ? q.dtype : dtype;
  if (q && stored !== "uint8" && stored !== "uint16" && stored !== "float16")
    fail(`${name}: quantised to ${stored}, which is not read (uint8, uint16, float16)`);
  const { scale = 1, min = 0 } = q ?? {};
  if (q && stored !== "float16" && !(Number.isFinite(q.scale) && Number.isFinite(q.min)))
    fail(`${name}: quantised without scale and min`);
  const count = (sizes as number[]).reduce((n, s) => n * s, 1);
  return {
    name: name as string,
    shape: sizes as number[],
    dtype: dtype as Entry["dtype"],
    stored: stored as Stored,
    scale: scale as number,
    min: min as number,
    bytes: count * BYTES[stored as Stored],
  };
}

/** `bytes`: of this weight alone, at the start of a buffer of their own. */
function valuesOf({ dtype, stored, scale, min }: Entry, bytes: Uint8Array): Float32Array | Int32Array {
  const { buffer } = bytes;
  if (stored === "float32") return new Float32Array(buffer);
  if (stored === "int32") return new Int32Array(buffer);
  if (stored === "float16") return f16ToF32(new Uint16Array(buffer));
  if (stored === "bool") return Int32Array.from(bytes);
  const codes = stored === "uint8" ? bytes : new Uint16Array(buffer);
  return dtype === "float32"
    ? Float32Array.from(codes, (q) => q * scale + min)
    : Int32Array.from(codes, (q) => Math.round(q * scale + min));
}

function list(value: unknown, what: string): unknown[] {
  return Array.isArray(value) ? value : fail(`${what} is no list`);
}

function texts(value: unknown, what: string): string[] {
  const all = list(value, what);
  return all.every((v) => typeof v === "string") ? (all as string[]) : fail(`${what} holds no names`);
}

function fields(value: unknown, what: string): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : fail(`${what} is no object`);
}

function fail(rule: string): never {
  throw new FormatError(`tfjs weights: ${rule}`);
}
