// Datasets and DataLoader: batches, order, exact resumption, prefetch, refusals.
import { describe, expect, test, vi } from "vitest";
import { ArrayDataset, type Batch, randomSplit, Subset } from "../src/data/dataset.ts";
import { DataLoader, type LoaderOptions } from "../src/data/loader.ts";
import { randomAffine } from "../src/data/transforms/augment.ts";
import { OptionError, ShapeError } from "../src/gpu/errors.ts";
import { Generator } from "../src/tensor/philox.ts";

/** Sample i: x = [10 i, 10 i + 1], y = i. */
const numbers = (n: number) =>
  new ArrayDataset({
    x: {
      data: Float32Array.from({ length: 2 * n }, (_, i) => 10 * Math.floor(i / 2) + (i % 2)),
      shape: [n, 2],
    },
    y: { data: Int32Array.from({ length: n }, (_, i) => i), shape: [n] },
  });
const labels = (batches: Iterable<Batch<"x" | "y">>) => [...batches].map((batch) => [...batch.y.data]);
const pause = () => new Promise((resolve) => setTimeout(resolve, 2));

describe("datasets", () => {
  test("gather copies samples in the order asked", () => {
    const data = numbers(3);
    expect(data.gather(Int32Array.of(2, 0, 2))).toEqual({
      x: { data: Float32Array.of(20, 21, 0, 1, 20, 21), shape: [3, 2] },
      y: { data: Int32Array.of(2, 0, 2), shape: [3] },
    });
    expect(new Subset(data, [2, 1]).gather(Int32Array.of(1)).y.data).toEqual(Int32Array.of(1));
    const empty = new ArrayDataset({ x: { data: new Uint8Array(0), shape: [0, 4] } });
    expect(empty.gather(new Int32Array(0)).x.shape).toEqual([0, 4]);
  });

  test("refusals", () => {
    const x = { data: new Float32Array(4), shape: [2, 2] };
    expect(() => new ArrayDataset({})).toThrow(/needs a field/);
    expect(() => new ArrayDataset({ x: { data: x.data, shape: [] } })).toThrow(ShapeError);
    expect(() => new ArrayDataset({ x: { data: x.data, shape: [2, 3] } })).toThrow(
      /fill the shape, x \[2,3\], 4/,
    );
    expect(() => new ArrayDataset({ x, y: { data: x.data, shape: [4] } })).toThrow(/x has 2, y \[4\]/);
    for (const index of [-1, 3, 0.5]) expect(() => new Subset(numbers(3), [index])).toThrow(OptionError);
    expect(() => new Subset(numbers(3), [0]).gather(Int32Array.of(1))).toThrow(/out of 3 samples/);
    expect(() => numbers(3).gather(Int32Array.of(3))).toThrow(/index 3 out of 3/);
  });

  test("randomSplit: disjoint, complete, seeded; counts or fractions", () => {
    const parts = randomSplit(numbers(10), [7, 3], 5);
    expect(parts.map((part) => part.length)).toEqual([7, 3]);
    expect(parts.flatMap((part) => [...part.indices]).sort((a, b) => a - b)).toEqual([...Array(10).keys()]);
    expect(randomSplit(numbers(10), [7, 3], 5)[0]!.indices).toEqual(parts[0]!.indices);
    expect(randomSplit(numbers(10), [7, 3], 6)[0]!.indices).not.toEqual(parts[0]!.indices);
    expect(randomSplit(numbers(10), [0.9, 0.1], new Generator(1)).map((part) => part.length)).toEqual([9, 1]);
    expect(randomSplit(numbers(7), [0.5, 0.5], 1).map((part) => part.length)).toEqual([3, 4]);
    expect(() => randomSplit(numbers(10), [7, 4], 5)).toThrow(
      /sum to 10 samples, or fractions to 1, got \[7,4\]/,
    );
    expect(() => randomSplit(numbers(10), [11, -1], 5)).toThrow(OptionError);
  });
});

describe("DataLoader", () => {
  test("in order, with the last partial batch, or without", () => {
    const loader = new DataLoader(numbers(5), { batchSize: 2 });
    expect(loader.length).toBe(3);
    expect(labels(loader)).toEqual([[0, 1], [2, 3], [4]]);
    expect(loader.at(0, 2).x).toEqual({ data: Float32Array.of(40, 41), shape: [1, 2] });
    expect(labels(new DataLoader(numbers(5), { batchSize: 2, dropLast: true }))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(labels(new DataLoader(numbers(2), { batchSize: 8 }))).toEqual([[0, 1]]);
    expect(labels(new DataLoader(numbers(0)))).toEqual([]);
  });

  test("shuffle: each epoch its own order, every sample once, the same for the same seed", () => {
    const loader = new DataLoader(numbers(20), { batchSize: 6, shuffle: true, seed: 3 });
    const epochs = [labels(loader), labels(loader)];
    expect(loader.epoch).toBe(2);
    for (const epoch of epochs) expect(epoch.flat().sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
    expect(epochs[0]).not.toEqual(epochs[1]);
    const again = new DataLoader(numbers(20), { batchSize: 6, shuffle: true, seed: 3 });
    expect([labels(again), labels(again)]).toEqual(epochs);
    expect(labels(new DataLoader(numbers(20), { batchSize: 6, shuffle: true, seed: 4 }))).not.toEqual(
      epochs[0],
    );
    const forked = () => new DataLoader(numbers(20), { shuffle: true, generator: new Generator(3) });
    expect(labels(forked())).toEqual(labels(forked()));
  });

  const images = new ArrayDataset({
    x: { data: Uint8Array.from({ length: 10 * 16 }, (_, i) => i), shape: [10, 4, 4] },
  });
  const random: LoaderOptions<"x"> = {
    batchSize: 3,
    shuffle: true,
    seed: 7,
    transform: [randomAffine({ rotation: 20, shift: 1 })],
  };

  test.each([0, 1, 2, 4, 5, 7])("resumes bit-exactly after %i batches, augmentation included", (stop) => {
    const straight = new DataLoader(images, random);
    const expected = [...straight, ...straight];
    const first = new DataLoader(images, random);
    const seen: Batch[] = [];
    let state = first.state();
    while (seen.length < stop) {
      for (const batch of first) {
        seen.push(batch);
        state = JSON.parse(JSON.stringify(first.state()));
        if (seen.length === stop) break;
      }
    }
    const resumed = new DataLoader(images, { ...random, seed: 0 });
    resumed.setState(state);
    while (resumed.epoch < 2) seen.push(...resumed);
    expect(seen).toEqual(expected);
  });

  test("a state after the last batch of an epoch ends that epoch first", () => {
    const loader = new DataLoader(numbers(2));
    for (const _ of loader) if (loader.state().batch === 2) break;
    expect(loader.state()).toMatchObject({ epoch: 0, batch: 2 });
    expect(labels(loader)).toEqual([]);
    expect(loader.epoch).toBe(1);
  });

  test.each([0, 1, 3, 100])(
    "for await with prefetch %i gives what for gives, the cursor does not run ahead",
    async (n) => {
      const expected = [...new DataLoader(images, random)];
      const loader = new DataLoader(images, { ...random, prefetch: n });
      const seen: Batch[] = [];
      for await (const batch of loader) {
        seen.push(batch);
        expect(loader.state()).toMatchObject({ epoch: 0, batch: seen.length });
        await pause();
      }
      expect(seen).toEqual(expected);
    },
  );

  test("prefetch makes batches while the caller waits, no more than asked, each once", async () => {
    const data = numbers(6);
    const gather = vi.spyOn(data, "gather");
    const iterator = new DataLoader(data, { prefetch: 2 })[Symbol.asyncIterator]();
    await iterator.next();
    expect(gather).toHaveBeenCalledTimes(1);
    for (let i = 0; i < 10; i++) await pause();
    expect(gather).toHaveBeenCalledTimes(3);
    while (!(await iterator.next()).done) await pause();
    expect(gather).toHaveBeenCalledTimes(6);
  });

  test("setState during an iteration, to another seed, drops what was made ahead", async () => {
    const other = new DataLoader(images, { ...random, seed: 8 });
    const loader = new DataLoader(images, random);
    const seen: Batch[] = [];
    for await (const batch of loader) {
      seen.push(batch);
      await pause();
      if (seen.length === 1) loader.setState({ ...other.state(), batch: 1 });
    }
    expect(seen.slice(1)).toEqual([1, 2, 3].map((index) => other.at(0, index)));
  });

  test("an error of a transform reaches the caller, ahead or not", async () => {
    let made = 0;
    const transform = (batch: Batch<"x" | "y">) => {
      if (made++ >= 1) throw new RangeError("broken");
      return batch;
    };
    const iterator = new DataLoader(numbers(3), { transform })[Symbol.asyncIterator]();
    await iterator.next();
    await pause();
    await expect(iterator.next()).rejects.toThrow("broken");
  });

  test("refusals", () => {
    const make = (options: LoaderOptions<"x" | "y">) => () => new DataLoader(numbers(3), options);
    expect(make({ batchSize: 0 })).toThrow(/batchSize must be an integer >= 1, got 0/);
    expect(make({ batchSize: 1.5 })).toThrow(OptionError);
    expect(make({ prefetch: -1 })).toThrow(/prefetch must be an integer >= 0/);
    expect(make({ seed: 1, generator: new Generator(1) })).toThrow(/seed or generator, not both/);
    expect(make({ batchSize: 4, dropLast: true })).toThrow(
      /dropLast leaves nothing of 3 samples, batchSize 4/,
    );
    const loader = new DataLoader(numbers(3));
    expect(() => loader.at(0, 3)).toThrow(/batch 3 of 3/);
    const generator = loader.state().generator;
    expect(() => loader.setState({ epoch: 0, batch: 4, generator })).toThrow(
      /state.batch 4 of an epoch of 3/,
    );
    expect(() => loader.setState({ epoch: -1, batch: 0, generator })).toThrow(/state.epoch must be/);
    expect(() => loader.setState({ epoch: 0, batch: 0, generator: { seed: "", offset: 0 } })).toThrow(
      OptionError,
    );
  });
});
