// safetensors (huggingface): u64 length of the header, header as JSON padded with spaces to 8 bytes, then the tensors'
// bytes, little-endian, without gaps. Whole files in memory; F8 and smaller dtypes are refused. The header's checks:
// safetensors_header.ts.
import { DTypeError, FormatError, OptionError, ShapeError } from "../gpu/errors.ts";
import { bf16ToF32, f16ToF32 } from "./half.ts";
import { ELEMENT_BYTES, fail, MAX_HEADER_BYTES, parseHeader, type SafeDType } from "./safetensors_header.ts";

/** The array type of a dtype: F16 and BF16 as bits, BOOL as 0 or 1. */
const ARRAYS = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  I16: Int16Array,
  U16: Uint16Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I32: Int32Array,
  U32: Uint32Array,
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
} as const satisfies Record<SafeDType, unknown>;

export type SafeData = InstanceType<(typeof ARRAYS)[SafeDType]>;

export interface SafeTensor {
  dtype: SafeDType;
  shape: readonly number[];
  data: SafeData;
}

export interface SafeFile {
  /** In the order of the file's data. */
  tensors: Map<string, SafeTensor>;
  metadata: Record<string, string>;
}

/**
 * Reads a file. Arrays are views of `bytes` where its alignment allows, else copies. Throws FormatError, naming rule
 * and tensor, on anything that is not a complete safetensors file.
 */
export function readSafetensors(bytes: Uint8Array): SafeFile {
  if (bytes.length < 8) fail(`the file has ${bytes.length} bytes, its header's length alone takes 8`);
  const words = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const headerBytes = words.getUint32(4, true) * 2 ** 32 + words.getUint32(0, true);
  if (headerBytes > MAX_HEADER_BYTES) fail(`header of ${headerBytes} bytes, more than ${MAX_HEADER_BYTES}`);
  const start = 8 + headerBytes;
  if (start > bytes.length) fail(`header of ${headerBytes} bytes is longer than the file of ${bytes.length}`);
  const header = parseHeader(decode(bytes.subarray(8, start)), bytes.length - start);
  const tensors = new Map<string, SafeTensor>();
  for (const { name, dtype, shape, begin, end } of header.entries) {
    tensors.set(name, { dtype, shape, data: view(bytes, start + begin, start + end, dtype) });
  }
  return { tensors, metadata: header.metadata };
}

function decode(header: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch (cause) {
    throw new FormatError("safetensors: header is not UTF-8", { cause });
  }
}

function view(bytes: Uint8Array, begin: number, end: number, dtype: SafeDType): SafeData {
  const size = ELEMENT_BYTES[dtype];
  const at = bytes.byteOffset + begin;
  if (at % size === 0) return new ARRAYS[dtype](bytes.buffer as ArrayBuffer, at, (end - begin) / size);
  return new ARRAYS[dtype](bytes.slice(begin, end).buffer as ArrayBuffer);
}

/**
 * Writes a file, laid out as the reference implementation does: wide dtypes first, then by name, so that every tensor
 * is aligned; metadata sorted by key. The same input gives the same bytes. Throws ShapeError if data and shape
 * disagree, DTypeError if data and dtype do, OptionError on a name that is taken.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, SafeTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const order = Object.keys(ELEMENT_BYTES);
  const sorted = [...tensors].sort(
    ([a, x], [b, y]) => order.indexOf(y.dtype) - order.indexOf(x.dtype) || (a < b ? -1 : a > b ? 1 : 0),
  );
  const seen = new Set(["__metadata__"]);
  const parts: string[] = [];
  const pairs = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (pairs.length > 0) {
    parts.push(
      `"__metadata__":{${pairs.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(",")}}`,
    );
  }
  let end = 0;
  for (const [name, tensor] of sorted) {
    if (seen.has(name)) throw new OptionError(`writeSafetensors: the name ${name} is taken`);
    seen.add(name);
    checkTensor(name, tensor);
    const begin = end;
    end += tensor.data.byteLength;
    const entry = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] };
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  return assemble(`{${parts.join(",")}}`, sorted, end);
}

function assemble(
  json: string,
  sorted: (readonly [string, SafeTensor])[],
  dataBytes: number,
): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(json);
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const out = new Uint8Array(8 + headerBytes + dataBytes);
  new DataView(out.buffer).setUint32(0, headerBytes, true);
  out.set(text, 8);
  out.fill(0x20, 8 + text.length, 8 + headerBytes);
  let at = 8 + headerBytes;
  for (const [, { data }] of sorted) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}

function checkTensor(name: string, { dtype, shape, data }: SafeTensor): void {
  if (!Object.hasOwn(ARRAYS, dtype) || !(data instanceof ARRAYS[dtype])) {
    throw new DTypeError(
      `writeSafetensors: ${name} of dtype ${dtype} needs ${ARRAYS[dtype]?.name ?? "a known dtype"}`,
    );
  }
  const sizes = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!sizes || shape.reduce((product, size) => product * size, 1) !== data.length) {
    throw new ShapeError(
      `writeSafetensors: data must fill the shape, ${name} [${shape}], ${data.length} elements`,
    );
  }
}

/** A float tensor's values in f32: F16 and BF16 exactly, F64 rounded, F32 as they are (not copied). */
export function toF32(tensor: SafeTensor): Float32Array {
  const { dtype, data } = tensor;
  if (dtype === "F32") return data as Float32Array;
  if (dtype === "F64") return Float32Array.from(data as Float64Array);
  if (dtype === "F16") return f16ToF32(data as Uint16Array);
  if (dtype === "BF16") return bf16ToF32(data as Uint16Array);
  throw new DTypeError(`toF32: needs a float tensor, got ${dtype} [${tensor.shape}]`);
}

/** An integer or bool tensor's values in i32. Throws FormatError on a value beyond i32, DTypeError on floats. */
export function toI32(tensor: SafeTensor): Int32Array {
  const { dtype, data } = tensor;
  if (dtype === "I32") return data as Int32Array;
  if (["F16", "BF16", "F32", "F64"].includes(dtype)) {
    throw new DTypeError(`toI32: needs an integer or bool tensor, got ${dtype} [${tensor.shape}]`);
  }
  const out = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]); // beyond 2^53 rounded, but still beyond i32
    out[i] = value;
    if (out[i] !== value) throw new FormatError(`toI32: ${dtype} value ${data[i]} at ${i} is beyond i32`);
  }
  return out;
}

/** i32 values as I64, the dtype PyTorch gives its indices and counters. */
export function toI64(values: Int32Array): BigInt64Array<ArrayBuffer> {
  return BigInt64Array.from(values, BigInt);
}
