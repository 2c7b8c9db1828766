// The header of a safetensors file: JSON of { name: { dtype, shape, data_offsets } } and "__metadata__", checked against
// the size of the data before anything is allocated. Bytes to tensors: safetensors.ts.
import { FormatError } from "../gpu/errors.ts";
import { findDuplicateKey } from "./json_keys.ts";

/** The dtypes that are read and written, in the order of the reference implementation's enum, with bytes an element. */
export const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type SafeDType = keyof typeof ELEMENT_BYTES;

export interface TensorEntry {
  name: string;
  dtype: SafeDType;
  shape: number[];
  /** Byte range [begin, end) within the data that follows the header. */
  begin: number;
  end: number;
}

export interface Header {
  entries: TensorEntry[];
  metadata: Record<string, string>;
}

export const MAX_HEADER_BYTES = 100_000_000; // the reference implementation's limit

/** Throws FormatError naming file kind, rule and tensor. */
export function fail(rule: string): never {
  throw new FormatError(`safetensors: ${rule}`);
}

/** The checked header; entries in the order of their data, which must cover [0, dataBytes) without gap or overlap. */
export function parseHeader(text: string, dataBytes: number): Header {
  if (!text.startsWith("{")) fail("header does not begin with {: not a safetensors file?");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`safetensors: header is not JSON (${String(cause)})`, { cause });
  }
  if (!isRecord(json)) fail("header must be a JSON object");
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) fail(`header names ${quote(duplicate)} twice`);
  const entries: TensorEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === "__metadata__") metadata = checkMetadata(value);
    else entries.push(checkEntry(name, value, dataBytes));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin < end)
      fail(`tensors overlap: ${quote(entry.name)} begins at byte ${entry.begin}, before ${end}`);
    if (entry.begin > end)
      fail(`bytes ${end} to ${entry.begin} before ${quote(entry.name)} belong to no tensor`);
    end = entry.end;
  }
  if (end !== dataBytes) fail(`the tensors take ${end} bytes, the file has ${dataBytes} after its header`);
  return { entries, metadata };
}

function checkEntry(name: string, value: unknown, dataBytes: number): TensorEntry {
  const of = `tensor ${quote(name)}`;
  if (!isRecord(value)) fail(`${of} must be an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    fail(`${of} has dtype ${quote(dtype)}, known are ${Object.keys(ELEMENT_BYTES).join(", ")}`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) fail(`${of} has shape ${quote(shape)}, not sizes >= 0`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    fail(`${of} has data_offsets ${quote(offsets)}, not [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataBytes)
    fail(`${of} has data_offsets ${begin}, ${end} outside of ${dataBytes} bytes`);
  const bytes = checkedProduct(shape) * ELEMENT_BYTES[dtype as SafeDType];
  if (bytes !== end - begin) {
    fail(`${of} of shape ${quote(shape)} and dtype ${dtype} does not take ${end - begin} bytes`);
  }
  return { name, dtype: dtype as SafeDType, shape, begin, end };
}

/** The product, or Infinity above 2^53 (where f64 would round, and might round to the right number). */
function checkedProduct(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  let product = 1;
  for (const size of shape) {
    product *= size;
    if (product > Number.MAX_SAFE_INTEGER) return Infinity;
  }
  return product;
}

function checkMetadata(value: unknown): Record<string, string> {
  if (!isRecord(value)) fail("__metadata__ must be an object of strings");
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") fail(`__metadata__ ${quote(key)} must be a string`);
  }
  return value as Record<string, string>;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON of a value from the file, cut short: messages stay readable whatever the file holds. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
