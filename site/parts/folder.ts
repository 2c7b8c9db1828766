// All files of what was dropped or chosen, folders in folders included. Stops at one file more than is allowed.

import type { FoundFile } from "./picture_files.ts";

export const MOST_FILES = 10_000;
/** Asked for at once: one by one, thousands of files take seconds. */
const AT_ONCE = 64;

/** Must be called while the event lasts: afterwards the browser has emptied it. */
export function droppedFiles(
  transfer: DataTransfer,
  onFound?: (count: number) => void,
): Promise<FoundFile[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  const loose = entries.length > 0 ? [] : [...transfer.files];
  return walk(entries, loose, onFound);
}

export const chosenFiles = (files: FileList): FoundFile[] =>
  [...files].slice(0, MOST_FILES + 1).map((file) => ({ path: file.webkitRelativePath || file.name, file }));

async function walk(
  entries: readonly FileSystemEntry[],
  loose: readonly File[],
  onFound?: (count: number) => void,
): Promise<FoundFile[]> {
  const found: FoundFile[] = loose.map((file) => ({ path: file.name, file }));
  const waiting = [...entries];
  while (waiting.length > 0 && found.length <= MOST_FILES) {
    const some = waiting.splice(-AT_ONCE);
    const folders = some.filter((entry) => !entry.isFile) as FileSystemDirectoryEntry[];
    for (const folder of folders) waiting.push(...(await entriesOf(folder)));
    found.push(...(await Promise.all(some.filter((entry) => entry.isFile).map(foundAt))));
    onFound?.(found.length);
  }
  return found;
}

const foundAt = async (entry: FileSystemEntry): Promise<FoundFile> => ({
  path: entry.fullPath.replace(/^\//, ""),
  file: await fileOf(entry),
});

const fileOf = (entry: FileSystemEntry): Promise<File> =>
  new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));

/** readEntries gives a hundred at a time, and none at the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  while (all.length <= MOST_FILES) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    all.push(...some);
  }
  return all;
}
