// Grey images from PNG files: grey, colour (by luminance) or palette, 1 to 16 bits, interlaced from 8 bits on. fast-png decodes;
// the chunks are walked, and what they hold is weighed against the pixels, before. Transparency, gamma and colour profiles
// are not applied.

import { decode } from "fast-png";
import { Unzlib } from "fflate";
import { FormatError } from "../../gpu/errors.ts";
import { joinBytes } from "../../io/join_bytes.ts";

export interface GreyImage {
  readonly width: number;
  readonly height: number;
  /** [height, width]: 0 to 255, or 0 to 65535 where the file has 16 bits. */
  readonly data: Uint8Array | Uint16Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Deflate cannot exceed 1032 to 1. */
const MOST_EXPANSION = 1032;
/** Bytes that compressed data may be longer than raw: headers, and blocks stored as they are. */
const SLACK = 65536;
/** Compressed bytes that are unpacked at a time where only the length counts. */
const PIECE = 8192;
/** Adam7: first column and row of each pass, and the steps between its columns and rows. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
/** Values a pixel by colour type: grey, RGB, palette, grey and alpha, RGBA. */
const VALUES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

type Fail = (rule: string) => never;

/** Reads a whole file; `name` stands in the messages. Throws FormatError if it is of another kind, truncated or corrupt. */
export function readGreyPng(file: Uint8Array, { name = "PNG file" }: { name?: string } = {}): GreyImage {
  const fail: Fail = (rule) => {
    throw new FormatError(`readGreyPng: ${name} ${rule}`);
  };
  const critical = criticalChunks(file, fail);
  let image: ReturnType<typeof decode>;
  try {
    image = decode(critical, { checkCrc: true });
  } catch (cause) {
    return fail(`is corrupt: ${String(cause)}`);
  }
  const { width, height, depth, channels, palette } = image;
  const raw = depth < 8 ? unpacked(image.data, width, height, depth) : (image.data as GreyImage["data"]);
  if (palette)
    return { width, height, data: raw.map((i) => luminance(palette[i] ?? fail(`has no colour ${i}`), 0)) };
  if (channels >= 3) {
    const data = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
    for (let i = 0; i < data.length; i++) data[i] = luminance(raw, i * channels);
    return { width, height, data };
  }
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  if (channels === 1 && scale === 1) return { width, height, data: raw };
  const grey = raw.filter((_, i) => i % channels === 0);
  return { width, height, data: grey.map((v) => v * scale) };
}

/** Y of ITU-R BT.601, as PIL and libpng turn colours grey. */
function luminance(rgb: ArrayLike<number>, at: number): number {
  return Math.round(0.299 * rgb[at]! + 0.587 * rgb[at + 1]! + 0.114 * rgb[at + 2]!);
}

/** Pixels of 1, 2 or 4 bits, the first in the high bits; each row begins with a new byte. */
function unpacked(data: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const line = Math.ceil((width * depth) / 8);
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      out[y * width + x] = (data[y * line + (bit >> 3)]! >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }
  }
  return out;
}

/** The file without what does not make the picture: other chunks may be as wrong or as large as they like. */
function criticalChunks(file: Uint8Array, fail: Fail): Uint8Array {
  if (!SIGNATURE.every((byte, i) => file[i] === byte)) fail("is not PNG: its first eight bytes are others");
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const parts = [file.subarray(0, 8)];
  const packed: Uint8Array[] = [];
  for (let at = 8, type = ""; type !== "IEND"; ) {
    if (at + 12 > file.length) fail(`is truncated: it ends after ${file.length} bytes without IEND`);
    const length = view.getUint32(at);
    const end = at + 12 + length;
    type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (end > file.length)
      fail(`is truncated: chunk ${JSON.stringify(type)} ends at byte ${end} of ${file.length}`);
    if ((at === 8) !== (type === "IHDR")) fail("must begin with one IHDR");
    if (type === "IHDR" && length !== 13) fail(`has an IHDR of ${length} bytes, not 13`);
    if (type === "IDAT") packed.push(file.subarray(at + 8, end - 4));
    if (["IHDR", "PLTE", "IDAT", "IEND"].includes(type)) parts.push(file.subarray(at, end));
    at = end;
  }
  checkSize(view, packed, fail);
  return joinBytes(parts);
}

/** What the picture takes raw must be what its compressed bytes can hold, and do hold: fast-png reads on in zeros. */
function checkSize(view: DataView, packed: readonly Uint8Array[], fail: Fail): void {
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colour, interlace] = [view.getUint8(24), view.getUint8(25), view.getUint8(28)];
  const bits = depth * (VALUES[colour] ?? fail(`has colour type ${colour}, PNG has 0, 2, 3, 4, 6`));
  if (![1, 2, 4, 8, 16].includes(depth) || width === 0 || height === 0)
    fail(`has ${width} x ${height} pixels of ${depth} bits`);
  if (interlace && depth < 8) fail(`is interlaced with ${depth} bits a pixel, which is not read`);
  const compressed = packed.reduce((sum, part) => sum + part.length, 0);
  const raw = interlace ? interlacedBytes(width, height, bits) : rowBytes(width, bits) * height;
  if (raw > MOST_EXPANSION * compressed)
    fail(`claims ${width} x ${height} pixels, more than its ${compressed} compressed bytes can hold`);
  if (compressed > 1.1 * raw + SLACK)
    fail(`has ${compressed} compressed bytes, more than ${width} x ${height} pixels take raw`);
  const held = heldBytes(packed, raw, fail);
  if (held < raw)
    fail(`is truncated or corrupt: ${width} x ${height} pixels take ${raw} bytes, it holds ${held}`);
}

/** With the byte that names the row's filter. */
function rowBytes(width: number, bits: number): number {
  return 1 + Math.ceil((width * bits) / 8);
}

function interlacedBytes(width: number, height: number, bits: number): number {
  return PASSES.reduce((sum, [x, y, dx, dy]) => {
    const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)];
    return columns > 0 && rows > 0 ? sum + rowBytes(columns, bits) * rows : sum;
  }, 0);
}

/** Bytes that the data chunks unpack to, counted until there are enough; more are left alone, as libpng does. */
function heldBytes(packed: readonly Uint8Array[], enough: number, fail: Fail): number {
  let held = 0;
  const unpacker = new Unzlib((piece) => {
    held += piece.length;
  });
  try {
    for (const part of packed)
      for (let at = 0; at < part.length && held < enough; at += PIECE)
        unpacker.push(part.subarray(at, at + PIECE));
  } catch (cause) {
    return fail(`is corrupt: ${String(cause)}`);
  }
  return held;
}
