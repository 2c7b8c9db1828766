// Decodes pictures off the main thread: each is looked at for its size first, then cut to its middle square, scaled to 28x28 and made
// grey. Messages in: DecodeRequest, several for many files; out: DecodeMessage.

import type { Skipped } from "./picture_files.ts";
import { HEAD_BYTES, MOST_PIXELS, pictureSize } from "./picture_size.ts";

export interface NamedFile {
  readonly path: string;
  readonly label: number;
  readonly file: File;
}

export interface DecodeRequest {
  readonly files: readonly NamedFile[];
  /** No more files will come: they are decoded now. */
  readonly last: boolean;
}

export type DecodeMessage =
  | { readonly done: number }
  | { readonly labels: Uint8Array; readonly images: Uint8Array; readonly skipped: readonly Skipped[] }
  | { readonly failed: string };

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const MOST_BYTES = 64 * 1024 * 1024;
const TELL_MS = 150;
/** Opened side by side, as long as they have no more pixels together than one may have. */
const AT_ONCE = 16;

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<DecodeRequest>) => void) | null;
  postMessage(message: DecodeMessage, transfer?: Transferable[]): void;
};
const waiting: NamedFile[] = [];

scope.onmessage = ({ data }) => {
  waiting.push(...data.files);
  if (data.last) decode(waiting).catch((error: unknown) => scope.postMessage({ failed: String(error) }));
};

async function decode(files: readonly NamedFile[]): Promise<void> {
  const context = new OffscreenCanvas(SIDE, SIDE).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser has no canvas in workers");
  const images = new Uint8Array(files.length * PIXELS);
  const labels = new Uint8Array(files.length);
  const skipped: Skipped[] = [];
  let kept = 0;
  let told = performance.now();
  const use = ({ path, label }: NamedFile, bitmap: ImageBitmap | string) => {
    if (typeof bitmap === "string") {
      skipped.push({ path, why: bitmap });
      return;
    }
    images.set(grey(bitmap, context), kept * PIXELS);
    labels[kept++] = label;
    bitmap.close();
  };
  for (let from = 0; from < files.length; from += AT_ONCE) {
    const some = files.slice(from, from + AT_ONCE);
    const sizes = await Promise.all(some.map(({ file }) => pixelsOf(file)));
    const open = (i: number) => opened(some[i]!.file, sizes[i]!);
    const together = sizes.reduce<number>((sum, n) => sum + (typeof n === "number" ? n : 0), 0);
    if (together <= MOST_PIXELS) {
      const bitmaps = await Promise.all(some.map((_, i) => open(i)));
      some.forEach((file, i) => void use(file, bitmaps[i]!));
    } else for (const [i, file] of some.entries()) use(file, await open(i));
    if (performance.now() - told > TELL_MS) {
      told = performance.now();
      scope.postMessage({ done: from + some.length });
    }
  }
  const own = { labels: labels.slice(0, kept), images: images.slice(0, kept * PIXELS), skipped };
  scope.postMessage(own, [own.labels.buffer, own.images.buffer]);
}

/** How many pixels it has, from its first bytes; or why it is not even decoded. */
async function pixelsOf(file: File): Promise<number | string> {
  if (file.size > MOST_BYTES) return "larger than 64 MiB";
  try {
    const size = pictureSize(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
    if (!size) return "not a picture, whatever its name says";
    const { width, height } = size;
    return width * height > MOST_PIXELS ? `${width}x${height} are more than 64 megapixels` : width * height;
  } catch {
    return "could not be read";
  }
}

async function opened(file: File, size: number | string): Promise<ImageBitmap | string> {
  if (typeof size === "string") return size;
  try {
    return await createImageBitmap(file);
  } catch {
    return "a damaged picture, or one that this browser does not know";
  }
}

function grey(bitmap: ImageBitmap, context: OffscreenCanvasRenderingContext2D): Uint8Array {
  const side = Math.min(bitmap.width, bitmap.height);
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff"; // where a picture is transparent, pages are white
  context.fillRect(0, 0, SIDE, SIDE);
  context.drawImage(bitmap, left, top, side, side, 0, 0, SIDE, SIDE);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  // ITU-R BT.601 luma, as PIL's convert("L").
  return Uint8Array.from({ length: PIXELS }, (_, i) =>
    Math.round(0.299 * data[4 * i]! + 0.587 * data[4 * i + 1]! + 0.114 * data[4 * i + 2]!),
  );
}
