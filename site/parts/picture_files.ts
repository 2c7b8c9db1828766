// Which of some dropped files are pictures, and of which class: the name of the folder that holds them. Pure.

import { MOST_FILES } from "./folder.ts";

export interface FoundFile<F = File> {
  /** `pets/cat/1.png`; without a slash for a file that came alone. */
  readonly path: string;
  readonly file: F;
}

export interface Skipped {
  readonly path: string;
  readonly why: string;
}

export interface Sorted<F = File> {
  readonly classes: readonly string[];
  /** In the order of the classes, then of the paths: the same folder gives the same order on every system. */
  readonly files: readonly { readonly path: string; readonly label: number; readonly file: F }[];
  readonly skipped: readonly Skipped[];
}

export const MOST_CLASSES = 20;
export const FEWEST_A_CLASS = 10;
const PICTURE = /\.(png|jpe?g|gif|webp|bmp|avif)$/i;
/** What systems put into folders by themselves: no word about it. */
const SYSTEM = /(^|\/)(\.[^/]*|thumbs\.db|desktop\.ini|__macosx)(\/|$)/i;

/** Throws RangeError, in words for the page, where the folders are no classes. */
export function sortFiles<F>(found: readonly FoundFile<F>[]): Sorted<F> {
  if (found.length > MOST_FILES) throw tooMany();
  const skipped: Skipped[] = [];
  const pictures: { path: string; folder: string; file: F }[] = [];
  for (const { path, file } of found) {
    if (SYSTEM.test(path)) continue;
    const folder = path.split("/").at(-2);
    if (!PICTURE.test(path)) skipped.push({ path, why: "not a picture (png, jpg, gif, webp, bmp, avif)" });
    else if (!folder) skipped.push({ path, why: "not in a folder, so of no class" });
    else pictures.push({ path, folder, file });
  }
  const classes = [...new Set(pictures.map((p) => p.folder))].sort(byName);
  checkClasses(classes, pictures, skipped);
  const files = pictures
    .sort((a, b) => byName(a.folder, b.folder) || byName(a.path, b.path))
    .map(({ path, folder, file }) => ({ path, label: classes.indexOf(folder), file }));
  return { classes, files, skipped };
}

export const tooMany = (): RangeError =>
  new RangeError(
    `more than ${MOST_FILES.toLocaleString("en")} files: take fewer, a few hundred a class are plenty here`,
  );

function checkClasses(
  classes: readonly string[],
  pictures: readonly { folder: string }[],
  skipped: readonly Skipped[],
): void {
  if (classes.length === 0) {
    const loose = skipped.some(({ why }) => why.startsWith("not in a folder"));
    throw new RangeError(
      loose
        ? "the pictures lie in no folder: drop a folder that has one folder for each class"
        : "there is no picture among the files",
    );
  }
  if (classes.length === 1)
    throw new RangeError(
      `there is only one class, ${classes[0]}: put the pictures in folders, one for each of two or more classes`,
    );
  if (classes.length > MOST_CLASSES)
    throw new RangeError(
      `${classes.length} folders with pictures; this page trains at most ${MOST_CLASSES} classes`,
    );
  for (const name of classes) {
    const count = pictures.filter((p) => p.folder === name).length;
    if (count < FEWEST_A_CLASS)
      throw new RangeError(
        `the class ${name} has only ${count} pictures; each needs at least ${FEWEST_A_CLASS}, better 50`,
      );
  }
}

// By code units, not by locale: the same on every system.
const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
