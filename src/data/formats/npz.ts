// NumPy's arrays: .npy (a header in Python's notation, then the elements, row-major) and .npz, a ZIP of them. Little-endian
// numbers and bool; not read: big-endian, strings, records, objects (pickles), column-major order.
// Format: numpy.lib.format, versions 1 to 3.
import { FormatError } from "../../gpu/errors.ts";
import type { Field, FieldData } from "../dataset.ts";
import { readZip } from "./zip.ts";

interface Kind {
  readonly bytes: number;
  /** From a buffer that holds the elements and nothing else. */
  readonly read: (buffer: ArrayBuffer, fail: Fail) => FieldData;
}
type Fail = (rule: string) => never;

const KINDS: Readonly<Record<string, Kind>> = {
  "|b1": { bytes: 1, read: (b) => new Uint8Array(b) },
  "|u1": { bytes: 1, read: (b) => new Uint8Array(b) },
  "|i1": { bytes: 1, read: (b) => new Int8Array(b) },
  "<u2": { bytes: 2, read: (b) => new Uint16Array(b) },
  "<i2": { bytes: 2, read: (b) => new Int16Array(b) },
  "<u4": { bytes: 4, read: (b) => new Uint32Array(b) },
  "<i4": { bytes: 4, read: (b) => new Int32Array(b) },
  "<i8": { bytes: 8, read: (b, fail) => narrowed(new BigInt64Array(b), fail) },
  "<u8": { bytes: 8, read: (b, fail) => narrowed(new BigUint64Array(b), fail) },
  "<f4": { bytes: 4, read: (b) => new Float32Array(b) },
  "<f8": { bytes: 8, read: (b) => new Float64Array(b) },
};

// As numpy writes it: three keys in this order.
const HEADER =
  /^\{\s*'descr':\s*'([^']*)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(((?:\d{1,15},\s*)*(?:\d{1,15})?)\),?\s*\}\s*$/;

/**
 * One array; bool as 0 and 1, 64-bit integers as i32. `name` stands in the messages. Throws FormatError if the file is of another
 * kind or dtype, truncated or longer than its shape says, or a 64-bit integer does not fit 32 bits.
 */
export function readNpy(bytes: Uint8Array, name = "npy file"): Field {
  const fail: Fail = (rule) => {
    throw new FormatError(`readNpy: ${name} ${rule}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 10 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059)
    return fail("is not npy: it does not begin with \\x93NUMPY");
  const version = bytes[6]!;
  if (version < 1 || version > 3) fail(`has version ${version}, read are 1 to 3`);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) fail("is truncated within its header");
  const data = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < data) fail(`is truncated: a header of ${data} bytes, ${bytes.length} in all`);
  const header = new TextDecoder().decode(bytes.subarray(start, data));
  const [, descr, fortran, sizes] =
    HEADER.exec(header) ?? fail(`has a header that is not read: ${header.slice(0, 200)}`);
  const kind = Object.hasOwn(KINDS, descr!) ? KINDS[descr!]! : null;
  if (!kind) return fail(`has dtype ${descr}, read are ${Object.keys(KINDS).join(" ")}`);
  const shape = sizes!
    .split(",")
    .filter((s) => s.trim())
    .map(Number);
  if (fortran === "True" && shape.length > 1) fail("is column-major (fortran_order), which is not read");
  const expected = data + kind.bytes * shape.reduce((n, s) => n * s, 1); // may be rounded, but then far from any file's length
  if (expected !== bytes.length)
    fail(
      `of shape [${shape}] and dtype ${descr} must have ${expected} bytes, has ${bytes.length}: truncated or corrupt`,
    );
  return { data: kind.read(new Uint8Array(bytes.subarray(data)).buffer, fail), shape };
}

/**
 * The arrays of an archive by name (without ".npy"), as `readNpy` gives them; `only` those, each of which has to be there.
 *
 * @throws FormatError as readZip and readNpy, and for an array that is missing
 */
export function readNpz(
  bytes: Uint8Array,
  options: { name?: string; only?: readonly string[] } = {},
): Map<string, Field> {
  const { name = "npz file", only } = options;
  const members = readZip(bytes, name);
  const wanted = only ?? npzNames(bytes, name);
  return new Map(
    wanted.map((key) => {
      const member = members.get(`${key}.npy`);
      if (!member)
        throw new FormatError(
          `readNpz: ${name} has no array ${key}, it has ${npzNames(bytes, name).join(", ")}`,
        );
      return [key, readNpy(member.read(), `${name}: ${key}`)];
    }),
  );
}

/** The names of an archive's arrays, without unpacking them. Throws FormatError as readZip does. */
export function npzNames(bytes: Uint8Array, name = "npz file"): string[] {
  const names = [...readZip(bytes, name).keys()];
  return names.filter((n) => n.endsWith(".npy")).map((n) => n.slice(0, -".npy".length));
}

function narrowed(wide: BigInt64Array | BigUint64Array, fail: Fail): Int32Array {
  const out = Int32Array.from(wide as ArrayLike<number | bigint>, Number);
  wide.forEach((value, i) => {
    if (value !== BigInt(out[i]!)) fail(`element ${i} is ${value}, which does not fit 32 bits`);
  });
  return out;
}
