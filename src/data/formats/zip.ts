// ZIP archives held in memory, as far as data files need them: stored or deflated members, each checked against its size
// and CRC-32. Not read: encryption, archives in several parts, ZIP64 (a member or an archive of 4 GiB).
import { inflateSync } from "fflate";
import { FormatError } from "../../gpu/errors.ts";
import { crc32 } from "./gzip.ts";

export interface ZipMember {
  /** Bytes of its content. */
  readonly size: number;
  /** The content. Throws FormatError if it is not what the archive says. */
  read(): Uint8Array<ArrayBuffer>;
}

const END = 0x06054b50; // "PK\5\6": the end of the directory, 22 bytes and a comment
const ENTRY = 0x02014b50; // "PK\1\2": a member in the directory, 46 bytes and its name
const LOCAL = 0x04034b50; // "PK\3\4": in front of the content, 30 bytes and its name
const COMMENT = 0xffff; // the longest
const RATIO = 1032; // deflate's limit: sizes beyond it are lies, and nothing is allocated for them

/**
 * The members of an archive by name; contents are unpacked as they are asked for. `name` stands in the messages. Throws FormatError
 * if the file is no ZIP, truncated, or its directory does not fit it.
 */
export function readZip(bytes: Uint8Array, name = "ZIP file"): Map<string, ZipMember> {
  const fail = (rule: string): never => {
    throw new FormatError(`readZip: ${name} ${rule}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = endOf(view);
  if (end < 0) return fail("is no ZIP archive, or is truncated: it has no end record");
  const count = view.getUint16(end + 10, true);
  const [size, start] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  if (start + size !== end) fail(`has a directory at ${start} of ${size} bytes, which must end at ${end}`);
  const members = new Map<string, ZipMember>();
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== ENTRY)
      fail(`has ${count} members, ${i} in its directory`);
    const [nameSize, extra, note] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const next = at + 46 + nameSize! + extra! + note!;
    if (next > end) fail(`is truncated within its directory, member ${i}`);
    const key = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameSize!));
    if (members.has(key)) fail(`holds ${key} twice`);
    members.set(
      key,
      memberOf(bytes, view, at, start, (rule) => fail(`member ${key} ${rule}`)),
    );
    at = next;
  }
  return members;
}

/** Where the end record stands: the last place whose comment fills the rest of the file; -1 if there is none. */
function endOf(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - COMMENT); at--)
    if (view.getUint32(at, true) === END && at + 22 + view.getUint16(at + 20, true) === view.byteLength)
      return at;
  return -1;
}

function memberOf(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  limit: number,
  fail: (rule: string) => never,
): ZipMember {
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  const [crc, packed, size, local] = [16, 20, 24, 42].map((field) => view.getUint32(at + field, true));
  if (flags & 1) fail("is encrypted, which is not read");
  if (method !== 0 && method !== 8)
    fail(`is packed by method ${method}, which is not read (0 stored, 8 deflate)`);
  if ([packed, size, local].includes(0xffffffff)) fail("is in ZIP64, which is not read");
  if (local! + 30 > limit || view.getUint32(local!, true) !== LOCAL)
    fail(`is not where it should be, at ${local}`);
  const from = local! + 30 + view.getUint16(local! + 26, true) + view.getUint16(local! + 28, true);
  if (from + packed! > limit)
    fail(`is truncated: ${packed} bytes at ${from}, the directory begins at ${limit}`);
  if (method === 0 ? size !== packed : size! > RATIO * packed!)
    fail(`is corrupt: ${packed} bytes claim to hold ${size}`);
  const read = () => {
    const raw = bytes.subarray(from, from + packed!);
    const content = method === 0 ? new Uint8Array(raw) : inflate(raw, size!, fail);
    if (content.length !== size) fail(`is corrupt: ${content.length} bytes instead of ${size}`);
    if (crc32(content) !== crc) fail("is corrupt: its CRC-32 is another");
    return content;
  };
  return { size: size!, read };
}

function inflate(raw: Uint8Array, size: number, fail: (rule: string) => never): Uint8Array<ArrayBuffer> {
  try {
    return inflateSync(raw, { out: new Uint8Array(size) });
  } catch (cause) {
    return fail(`is corrupt: ${String(cause)}`);
  }
}
