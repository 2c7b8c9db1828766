// Batches of a dataset in seeded order, with a cursor that resumes bit-exactly. All randomness is a function of (seed,
// epoch, batch): the order of an epoch and the augmentation of a batch never depend on what was drawn before, so a
// batch can be made ahead, made again, or made alone. Host arrays only: uploading is the trainer's.
import { OptionError } from "../gpu/errors.ts";
import { Generator, type GeneratorState } from "../tensor/philox.ts";
import type { Batch, Dataset } from "./dataset.ts";
import { Prefetcher } from "./prefetcher.ts";

/** Changes a batch, e.g. standardises or augments it; draws from `generator` only. */
export type Transform<K extends string = string> = (batch: Batch<K>, generator: Generator) => Batch<K>;

export interface LoaderOptions<K extends string = string> {
  /** Samples a batch, at least 1; default 1. */
  batchSize?: number;
  /** A new random order each epoch; default false. */
  shuffle?: boolean;
  /** Seed of order and transforms; default 0. */
  seed?: number | bigint;
  /** Instead of a seed: the loader takes a fork of it. */
  generator?: Generator;
  /** Leave out a last batch of fewer samples; default false. */
  dropLast?: boolean;
  /** How many batches `for await` makes ahead, between the caller's tasks; default 2. */
  prefetch?: number;
  /** Applied in order to each batch. */
  transform?: Transform<K> | readonly Transform<K>[];
}

/** Where a loader stands: `batch` is the next one of `epoch`. Plain JSON. */
export interface LoaderState {
  epoch: number;
  batch: number;
  generator: GeneratorState;
}

/**
 * Iterable once an epoch, synchronously or with `for await`: `for (const { x, y } of loader)`. An iteration goes on at
 * the cursor, which moves as a batch is handed out: after a `break`, or setState, the next loop gives the rest of that
 * epoch (none, if the last batch was out). PyTorch: torch.utils.data.DataLoader.
 */
export class DataLoader<K extends string = string> {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly prefetch: number;
  #transforms: readonly Transform<K>[];
  #generator: Generator;
  #epoch = 0;
  #batch = 0;
  #ahead: Prefetcher<Batch<K>>;
  #order: { epoch: number; indices: Int32Array } | undefined;

  constructor(
    readonly dataset: Dataset<K>,
    options: LoaderOptions<K> = {},
  ) {
    const { batchSize = 1, shuffle = false, seed, generator, dropLast = false, prefetch = 2 } = options;
    checkCount("batchSize", batchSize, 1);
    checkCount("prefetch", prefetch, 0);
    if (seed !== undefined && generator !== undefined)
      throw new OptionError("DataLoader: seed or generator, not both");
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.prefetch = prefetch;
    this.#transforms = [options.transform ?? []].flat();
    this.#generator = generator?.fork("loader") ?? new Generator(seed ?? 0);
    this.#ahead = new Prefetcher((epoch, index) => this.at(epoch, index), {
      ahead: prefetch,
      length: this.length,
    });
    if (dropLast && this.length === 0 && dataset.length > 0) {
      throw new OptionError(
        `DataLoader: dropLast leaves nothing of ${dataset.length} samples, batchSize ${batchSize}`,
      );
    }
  }

  /** Batches an epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** The epoch of the next batch, from 0. */
  get epoch(): number {
    return this.#epoch;
  }

  state(): LoaderState {
    return { epoch: this.#epoch, batch: this.#batch, generator: this.#generator.state() };
  }

  /** Continues where `state` was taken, given the same dataset and options. Throws OptionError if it does not fit. */
  setState(state: LoaderState): void {
    checkCount("state.epoch", state?.epoch, 0);
    checkCount("state.batch", state.batch, 0);
    if (state.batch > this.length) {
      throw new OptionError(`DataLoader: state.batch ${state.batch} of an epoch of ${this.length} batches`);
    }
    this.#generator.setState(state.generator);
    this.#ahead.clear();
    this.#order = undefined;
    this.#epoch = state.epoch;
    this.#batch = state.batch;
  }

  /** Batch `index` of `epoch`, whatever the cursor: always the same. The last may be smaller. */
  at(epoch: number, index: number): Batch<K> {
    checkCount("epoch", epoch, 0);
    checkCount("batch", index, 0);
    if (index >= this.length) throw new OptionError(`DataLoader: batch ${index} of ${this.length}`);
    const begin = index * this.batchSize;
    const end = Math.min(begin + this.batchSize, this.dataset.length);
    let batch = this.dataset.gather(this.#indices(epoch).subarray(begin, end));
    if (this.#transforms.length === 0) return batch;
    const generator = this.#generator.fork(`transform ${epoch}`).fork(index);
    for (const transform of this.#transforms) batch = transform(batch, generator);
    return batch;
  }

  *[Symbol.iterator](): IterableIterator<Batch<K>> {
    for (let place = this.#next(); place !== undefined; place = this.#next())
      yield this.at(place.epoch, place.batch);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch<K>, void, undefined> {
    try {
      for (let place = this.#next(); place !== undefined; place = this.#next()) {
        yield this.#ahead.take(place.epoch, place.batch);
      }
    } finally {
      this.#ahead.clear();
    }
  }

  /** Moves the cursor over one batch and returns which, or undefined at the end of the epoch: the next one begins. */
  #next(): { epoch: number; batch: number } | undefined {
    if (this.#batch < this.length) return { epoch: this.#epoch, batch: this.#batch++ };
    this.#epoch++;
    this.#batch = 0;
    return undefined;
  }

  #indices(epoch: number): Int32Array {
    if (this.#order?.epoch === epoch) return this.#order.indices;
    const n = this.dataset.length;
    const indices = this.shuffle
      ? this.#generator.fork(`order ${epoch}`).permutation(n)
      : Int32Array.from({ length: n }, (_, i) => i);
    this.#order = { epoch, indices };
    return indices;
  }
}

function checkCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new OptionError(`DataLoader: ${name} must be an integer >= ${least}, got ${value}`);
  }
}
