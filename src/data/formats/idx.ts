// IDX, the format of MNIST (LeCun): two zero bytes, the dtype, the rank, the sizes as big-endian u32, then the elements,
// big-endian and row-major. Optionally gzipped, inflated by a function of the caller.
import { FormatError } from "../../gpu/errors.ts";
import type { Field, FieldData } from "../dataset.ts";
import { type Inflate, isGzip, unpackGzip } from "./gzip.ts";

interface Kind {
  bytes: number;
  make: (count: number) => FieldData;
  read: (view: DataView, at: number) => number;
}

const KINDS = new Map<number, Kind>([
  [0x08, { bytes: 1, make: (n) => new Uint8Array(n), read: (v, at) => v.getUint8(at) }],
  [0x09, { bytes: 1, make: (n) => new Int8Array(n), read: (v, at) => v.getInt8(at) }],
  [0x0b, { bytes: 2, make: (n) => new Int16Array(n), read: (v, at) => v.getInt16(at) }],
  [0x0c, { bytes: 4, make: (n) => new Int32Array(n), read: (v, at) => v.getInt32(at) }],
  [0x0d, { bytes: 4, make: (n) => new Float32Array(n), read: (v, at) => v.getFloat32(at) }],
  [0x0e, { bytes: 8, make: (n) => new Float64Array(n), read: (v, at) => v.getFloat64(at) }],
]);

/**
 * Reads a whole file; u8 and i8 data is a view of the bytes. `name` stands in the messages. Throws FormatError if the
 * file is of another kind, truncated, longer than its sizes say, or gzipped without `inflate`.
 */
export function readIdx(file: Uint8Array, options: { inflate?: Inflate; name?: string } = {}): Field {
  const name = options.name ?? "IDX file";
  const bytes = isGzip(file) ? unpackGzip(file, `readIdx: ${name}`, options.inflate) : file;
  const fail = (rule: string): never => {
    throw new FormatError(`readIdx: ${name} ${rule}`);
  };
  if (bytes.length < 4) fail(`has ${bytes.length} bytes, the magic number alone takes 4`);
  const kind = KINDS.get(bytes[2]!);
  if (bytes[0] !== 0 || bytes[1] !== 0 || kind === undefined) {
    const magic = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    return fail(`is not IDX: magic ${magic}, expected 00 00, a dtype of 08 09 0b 0c 0d 0e, the rank`);
  }
  const rank = bytes[3]!;
  const start = 4 + 4 * rank;
  if (bytes.length < start) fail(`is truncated within its ${rank} sizes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  const expected = start + count * kind.bytes; // may be rounded or infinite, but then far from any file's length
  if (expected !== bytes.length) {
    fail(`of shape [${shape}] must have ${expected} bytes, has ${bytes.length}: truncated or corrupt`);
  }
  return { data: elements(bytes, view, start, count, kind), shape };
}

function elements(bytes: Uint8Array, view: DataView, start: number, count: number, kind: Kind): FieldData {
  if (kind.bytes === 1) {
    const octets = bytes.subarray(start);
    return bytes[2] === 0x08 ? octets : new Int8Array(octets.buffer as ArrayBuffer, octets.byteOffset, count);
  }
  const data = kind.make(count);
  for (let i = 0; i < count; i++) data[i] = kind.read(view, start + i * kind.bytes);
  return data;
}
