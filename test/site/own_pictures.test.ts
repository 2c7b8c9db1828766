// Own pictures of the Train page, up to where a browser must decode them: folders to classes, refusals, sizes from the first bytes.
import { expect, test } from "vitest";
import { MOST_FILES } from "../../site/parts/folder.ts";
import { type FoundFile, sortFiles } from "../../site/parts/picture_files.ts";
import { pictureSize } from "../../site/parts/picture_size.ts";

const files = (...paths: string[]): FoundFile<string>[] => paths.map((path) => ({ path, file: path }));
const many = (folder: string, n: number): string[] =>
  Array.from({ length: n }, (_, i) => `${folder}/${i}.png`);

test("the folder that holds a picture is its class, whatever lies above it; the order is the same everywhere", () => {
  const found = files(...many("pets/dog", 12), ...many("pets/cat", 10));
  const { classes, files: sorted, skipped } = sortFiles(found);
  expect(classes).toEqual(["cat", "dog"]);
  expect(sorted.map((f) => f.label)).toEqual([...Array(10).fill(0), ...Array(12).fill(1)]);
  expect(sortFiles(found.toReversed()).files).toEqual(sorted);
  expect(skipped).toEqual([]);
});

test("folders of one name are one class", () => {
  const { classes, files: sorted } = sortFiles(
    files(...many("a/x", 6), ...many("b/x", 6), ...many("a/y", 10)),
  );
  expect(classes).toEqual(["x", "y"]);
  expect(sorted.filter((f) => f.label === 0)).toHaveLength(12);
});

test("files that are no pictures are listed, those of the system are not", () => {
  const found = files(
    ...many("cat", 10),
    ...many("dog", 10),
    ...["cat/notes.txt", "loose.png", "cat/.DS_Store", "__MACOSX/cat/0.png", "dog/Thumbs.db", ".git/a.png"],
  );
  const { classes, skipped } = sortFiles(found);
  expect(classes).toEqual(["cat", "dog"]);
  expect(skipped.map((s) => s.path)).toEqual(["cat/notes.txt", "loose.png"]);
  expect(skipped[1]!.why).toMatch(/not in a folder/);
});

test("what is no data set is refused in words", () => {
  expect(() => sortFiles(files(...many("cat", 20)))).toThrow(/only one class, cat/);
  expect(() => sortFiles(files("1.png", "2.png"))).toThrow(/one folder for each class/);
  expect(() => sortFiles(files("a/1.txt"))).toThrow(/no picture among the files/);
  expect(() => sortFiles([])).toThrow(/no picture/);
  expect(() => sortFiles(files(...many("cat", 20), ...many("dog", 3)))).toThrow(
    /class dog has only 3 pictures/,
  );
  expect(() => sortFiles(files(...many("cat", MOST_FILES), "dog/1.png"))).toThrow(/more than 10,000 files/);
  const folders = Array.from({ length: 21 }, (_, i) => many(`c${i}`, 10)).flat();
  expect(() => sortFiles(files(...folders))).toThrow(/at most 20 classes/);
});

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));

test("sizes are read from the first bytes", () => {
  const png = hex("89504e470d0a1a0a 0000000d 49484452 00009c40 00007530 0800000000");
  expect(pictureSize(png)).toEqual({ width: 40_000, height: 30_000 });
  expect(pictureSize(hex("474946383961 0300 0500 00"))).toEqual({ width: 3, height: 5 });
  const bmp = hex("424d 00000000 00000000 36000000 28000000 07000000 f7ffffff");
  expect(pictureSize(bmp)).toEqual({ width: 7, height: 9 });
  const jpeg = hex("ffd8 ffe1 0006 01020304 ffff ffc2 0011 08 0010 0020 03");
  expect(pictureSize(jpeg)).toEqual({ width: 32, height: 16 });
  const webp = hex("52494646 00000000 57454250 56503858 0a000000 00000000 0f0000 070000");
  expect(pictureSize(webp)).toEqual({ width: 16, height: 8 });
  const lossless = hex("52494646 00000000 57454250 5650384c 0a000000 2f 0f c0 01 00");
  expect(pictureSize(lossless)).toEqual({ width: 16, height: 8 });
  const avif = hex("0000001c 66747970 61766966 00000000 00000014 69737065 00000000 00000040 00000030");
  expect(pictureSize(avif)).toEqual({ width: 64, height: 48 });
});

test("bytes that are no picture, or end too early, have no size", () => {
  for (const bytes of [
    "",
    "89504e47",
    "ffd8ffe1ffff00",
    "ffd8 00",
    "25504446 2d312e37",
    "52494646 00000000 57454250 5650",
  ])
    expect(pictureSize(hex(bytes)), bytes).toBeNull();
});
