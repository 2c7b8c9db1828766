// Own pictures from files, decoded in a worker of its own that ends with it.

import { blobWorker } from "../engine/blob_worker.ts";
import type { OwnPictures } from "../engine/protocol.ts";
import { FEWEST_A_CLASS, type FoundFile, type Skipped, sortFiles } from "./picture_files.ts";
import type { DecodeMessage, NamedFile } from "./picture_worker.ts";
import workerUrl from "./picture_worker.ts?worker&url";

export interface DecodedPictures {
  readonly pictures: OwnPictures;
  readonly skipped: readonly Skipped[];
}

/** Rejects with RangeError, in words for the page, where no classifier can be made of the files. */
export async function decodePictures(
  found: readonly FoundFile[],
  onProgress: (done: number, all: number) => void,
): Promise<DecodedPictures> {
  const { classes, files, skipped } = sortFiles(found);
  const answer = await decode(files, (done) => onProgress(done, files.length));
  const all = [...skipped, ...answer.skipped];
  const counts = new Uint32Array(classes.length);
  for (const label of answer.labels) counts[label]!++;
  classes.forEach((name, label) => {
    if (counts[label]! >= FEWEST_A_CLASS) return;
    const example = answer.skipped[0];
    throw new RangeError(
      `of the class ${name} only ${counts[label]} pictures could be read; each needs at least ${FEWEST_A_CLASS}` +
        (example ? ` (${example.path}: ${example.why})` : ""),
    );
  });
  return { pictures: { classes, labels: answer.labels, images: answer.images }, skipped: all };
}

type Answer = Extract<DecodeMessage, { labels: Uint8Array }>;

/** Files a message: copying the handles of thousands at once would hold up the page. */
const AT_ONCE = 500;

function decode(files: readonly NamedFile[], onDone: (done: number) => void): Promise<Answer> {
  const worker = blobWorker(workerUrl, "pictures");
  return new Promise<Answer>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<DecodeMessage>) => {
      if ("done" in data) onDone(data.done);
      else if ("failed" in data) reject(new RangeError(data.failed));
      else resolve(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new RangeError(event.message || "the decoder of pictures could not be loaded"));
    };
    const send = (from: number) => {
      const last = from + AT_ONCE >= files.length;
      worker.postMessage({ files: files.slice(from, from + AT_ONCE), last });
      if (!last) setTimeout(() => send(from + AT_ONCE));
    };
    send(0);
  }).finally(() => worker.terminate());
}
