// Datasets on the host: named fields whose first axis counts the samples, subsets and random splits of them. Nothing is
// uploaded here; batches are made by DataLoader (loader.ts).
import { OptionError, ShapeError } from "../gpu/errors.ts";
import { Generator } from "../tensor/philox.ts";

export type FieldData =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Host values and their shape, row-major. */
export interface Field {
  data: FieldData;
  shape: readonly number[];
}

/** Fields of equally many samples, by name: { x: { data, shape: [b, ...] }, y: ... }. */
export type Batch<K extends string = string> = Record<K, Field>;

/** What a DataLoader draws from. */
export interface Dataset<K extends string = string> {
  /** Number of samples. */
  readonly length: number;
  /** Copies the samples of these indices, in this order: each field [indices.length, ...]. */
  gather(indices: Int32Array): Batch<K>;
}

/** A dataset over arrays in memory, e.g. { x: [n, 1, 28, 28], y: [n] }. Throws ShapeError if they do not fit. */
export class ArrayDataset<K extends string = string> implements Dataset<K> {
  readonly length: number;

  constructor(readonly fields: Readonly<Record<K, Field>>) {
    const entries = Object.entries<Field>(fields);
    const length = entries[0]?.[1].shape[0];
    if (length === undefined) throw new ShapeError("ArrayDataset: needs a field of rank 1 or more");
    this.length = length;
    for (const [name, { data, shape }] of entries) {
      if (shape[0] !== length) {
        throw new ShapeError(
          `ArrayDataset: fields must have equally many samples, ${entries[0]![0]} has ${length}, ${name} [${shape}]`,
        );
      }
      if (shape.reduce((product, size) => product * size, 1) !== data.length) {
        throw new ShapeError(
          `ArrayDataset: data must fill the shape, ${name} [${shape}], ${data.length} elements`,
        );
      }
    }
  }

  gather(indices: Int32Array): Batch<K> {
    const batch: Partial<Batch<K>> = {};
    for (const name of Object.keys(this.fields) as K[])
      batch[name] = gatherRows(this.fields[name], indices, this.length);
    return batch as Batch<K>;
  }
}

/** By the tag, not the constructor: Node's Buffer is a Uint8Array too. */
const ARRAYS: Record<FieldData[typeof Symbol.toStringTag], new (size: number) => FieldData> = {
  Float32Array,
  Float64Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
};

function gatherRows({ data, shape }: Field, indices: Int32Array, length: number): Field {
  const row = length === 0 ? 0 : data.length / length;
  const out = new ARRAYS[data[Symbol.toStringTag]](indices.length * row);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(index >= 0 && index < length))
      throw new OptionError(`gather: index ${index} out of ${length} samples`);
    if (row === 1) out[i] = data[index]!;
    else out.set(data.subarray(index * row, (index + 1) * row), i * row);
  }
  return { data: out, shape: [indices.length, ...shape.slice(1)] };
}

/** The samples of `dataset` at `indices`, in that order. Throws OptionError on an index out of range. */
export class Subset<K extends string = string> implements Dataset<K> {
  readonly indices: Int32Array;

  constructor(
    readonly dataset: Dataset<K>,
    indices: ArrayLike<number>,
  ) {
    this.indices = Int32Array.from(indices);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      if (!(Number.isInteger(index) && index >= 0 && index < dataset.length)) {
        throw new OptionError(`Subset: index ${index} out of ${dataset.length} samples`);
      }
    }
  }

  get length(): number {
    return this.indices.length;
  }

  gather(indices: Int32Array): Batch<K> {
    return this.dataset.gather(indices.map((index) => this.indices[index] ?? -1));
  }
}

/**
 * Disjoint random subsets of the given sizes, which must sum to the number of samples (PyTorch: random_split); or
 * fractions that sum to 1, rounded down, the rest to the last. The same seed gives the same split.
 */
export function randomSplit<K extends string>(
  dataset: Dataset<K>,
  sizes: readonly number[],
  seed: number | bigint | Generator,
): Subset<K>[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const fractions = dataset.length !== 1 && Math.abs(total - 1) < 1e-9;
  const counts = fractions ? sizes.map((size) => Math.floor(size * dataset.length + 1e-9)) : [...sizes];
  if (fractions) counts[counts.length - 1]! += dataset.length - counts.reduce((sum, count) => sum + count, 0);
  const valid = counts.every((count) => Number.isInteger(count) && count >= 0);
  if (!valid || counts.reduce((sum, count) => sum + count, 0) !== dataset.length) {
    throw new OptionError(
      `randomSplit: sizes must sum to ${dataset.length} samples, or fractions to 1, got [${sizes}]`,
    );
  }
  const order = (seed instanceof Generator ? seed : new Generator(seed)).permutation(dataset.length);
  let end = 0;
  return counts.map((count) => new Subset(dataset, order.subarray(end, (end += count))));
}
