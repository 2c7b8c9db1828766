// Width and height of a picture file from its first bytes, so that a huge one is refused before anything is decoded. PNG, JPEG, GIF,
// WebP, BMP and AVIF; null for all else. Pure.

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** How many bytes of a file are needed: JPEGs put metadata in front of their size. */
export const HEAD_BYTES = 256 * 1024;
export const MOST_PIXELS = 64_000_000;

export function pictureSize(head: Uint8Array): PictureSize | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...head.subarray(at, at + length));
  try {
    if (text(1, 3) === "PNG") return { width: view.getUint32(16), height: view.getUint32(20) };
    if (text(0, 3) === "GIF") return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (text(0, 2) === "BM")
      return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
    if (text(0, 4) === "RIFF" && text(8, 4) === "WEBP") return webp(view, text(12, 4));
    if (view.getUint16(0) === 0xffd8) return jpeg(view);
    if (text(4, 4) === "ftyp") return avif(view, head);
  } catch {
    // The bytes end before the size: no picture that can be trusted.
  }
  return null;
}

/** Segments up to the start of a frame (SOF0 to SOF15, but for the three codes that are none). */
function jpeg(view: DataView): PictureSize | null {
  let at = 2;
  while (view.getUint8(at) === 0xff) {
    const code = view.getUint8(at + 1);
    if (code === 0xff) {
      at += 1; // padding in front of a marker
      continue;
    }
    if (code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc)
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

function webp(view: DataView, kind: string): PictureSize | null {
  const u24 = (at: number) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  if (kind === "VP8X") return { width: u24(24) + 1, height: u24(27) + 1 };
  if (kind === "VP8 ")
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (kind !== "VP8L") return null;
  const bits = view.getUint32(21, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** The largest of the boxes `ispe` (image spatial extents): thumbnails have one too. */
function avif(view: DataView, head: Uint8Array): PictureSize | null {
  let largest: PictureSize | null = null;
  for (let at = 8; at + 16 <= head.length; at++) {
    if (view.getUint32(at) !== 0x69737065) continue;
    const size = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
    if (!largest || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}
