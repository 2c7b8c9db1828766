// Unpacks gzip bytes (RFC 1952, one member) with a function of the caller, after a look at the size they claim: inflaters
// allocate it unseen. The content's length and CRC-32 are compared with the trailer, which fflate does not do.
import { FormatError } from "../../gpu/errors.ts";

/** gzip bytes -> their content; e.g. fflate's gunzipSync, or node:zlib's. */
export type Inflate = (gzip: Uint8Array) => Uint8Array;

/** Deflate cannot exceed 1032 to 1. */
const MOST_EXPANSION = 1032;
/** Header and trailer of a member. */
const LEAST_BYTES = 18;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The content; `who` ("readIdx: labels") begins the messages. Throws FormatError. */
export function unpackGzip(gzip: Uint8Array, who: string, inflate: Inflate | undefined): Uint8Array {
  if (inflate === undefined) throw new FormatError(`${who} is gzipped: unpack it, or pass inflate`);
  const view = new DataView(gzip.buffer, gzip.byteOffset, gzip.length);
  const claimed =
    gzip.length < LEAST_BYTES ? Number.POSITIVE_INFINITY : view.getUint32(gzip.length - 4, true);
  if (claimed > MOST_EXPANSION * gzip.length) {
    throw new FormatError(`${who} is truncated or corrupt: ${gzip.length} gzip bytes claim ${claimed}`);
  }
  let content: Uint8Array;
  try {
    content = inflate(gzip);
  } catch (cause) {
    throw new FormatError(`${who} is corrupt: ${String(cause)}`, { cause });
  }
  if (content.length !== claimed || crc32(content) !== view.getUint32(gzip.length - 8, true)) {
    throw new FormatError(`${who} is truncated or corrupt: the gzip checksum or length does not fit`);
  }
  return content;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 of gzip, ZIP and PNG: polynomial edb88320 reflected, 0xffffffff before and after. */
export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = TABLE[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
