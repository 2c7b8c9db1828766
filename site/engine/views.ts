// What a page looks at in a run, and the one thing it may change by hand: predictions, maps, the confusion matrix, times by kernel,
// weights, a step with everything kept. None of it moves the run but `retainedStep`.

import { withDevice } from "../../src/gpu/device.ts";
import { OptionError, UsageError } from "../../src/gpu/errors.ts";
import type { SafeTensor } from "../../src/io/safetensors.ts";
import { view } from "../../src/tensor/flatten.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { INPUT } from "./batches.ts";
import type { RetainedStep } from "./inspect/retained_step.ts";
import { Judge } from "./judging.ts";
import { layerMaps } from "./layer_maps.ts";
import { buildModel } from "./model.ts";
import type { Network } from "./network.ts";
import { PIXELS, pictureOf, pixelsOf } from "./pictures.ts";
import type { Confusion, Judged, KernelTime, LayerMaps, PictureRef } from "./protocol.ts";
import { type HostTensor, readTensors } from "./reading.ts";
import type { Run } from "./run/run.ts";
import { restoreSnapshot, takeSnapshot } from "./run/snapshot.ts";

/** Pictures that a cell of the confusion matrix shows at most. */
const MOST_JUDGED = 200;
const PROFILED_STEPS = 3;

export class Views {
  /** Probabilities [test pictures, classes] of the matrix that the page shows. */
  private judged: { readonly step: number; readonly probabilities: Float32Array } | null = null;
  /** A second model, for the weights of earlier steps. */
  private shadow: { readonly network: Network; readonly judge: Judge } | null = null;

  constructor(readonly run: Run) {}

  /** Ends the run and frees what both hold. */
  async close(): Promise<void> {
    await this.run.close();
    this.shadow?.judge.release();
  }

  async confusion(): Promise<Confusion> {
    const { step, pictures, judge } = this.run;
    const { test, classes } = pictures;
    const probabilities = await judge.probabilities(test);
    this.judged = { step, probabilities };
    const counts = new Array<number>(classes.length ** 2).fill(0);
    let right = 0;
    for (const [i, label] of test.labels.entries()) {
      const guess = guessOf(probabilities, i, classes.length);
      counts[label * classes.length + guess]!++;
      if (guess === label) right++;
    }
    return { step, classes, counts, accuracy: right / test.count };
  }

  /** Of the matrix that was computed last; the surest first. */
  async cell(label: number, guess: number): Promise<Judged[]> {
    if (!this.judged) await this.confusion();
    const { probabilities } = this.judged!;
    const { test, classes } = this.run.pictures;
    const found: Omit<Judged, "pixels">[] = [];
    for (const [index, own] of test.labels.entries()) {
      if (own !== label || guessOf(probabilities, index, classes.length) !== guess) continue;
      found.push({ index, label, guess, probability: probabilities[index * classes.length + guess]! });
    }
    found.sort((a, b) => b.probability - a.probability);
    return found.slice(0, MOST_JUDGED).map((j) => ({ ...j, pixels: pixelsOf(test, j.index) }));
  }

  async predict(pixels: Uint8Array): Promise<number[]> {
    if (!(pixels instanceof Uint8Array) || pixels.length !== PIXELS)
      throw new OptionError(`a picture has ${PIXELS} pixels`);
    return Array.from(
      await this.run.judge.probabilities({ images: pixels, labels: new Uint8Array(1), count: 1 }),
    );
  }

  /** With the weights of now. */
  async maps(picture: PictureRef): Promise<LayerMaps> {
    const { step, judge, network, pictures } = this.run;
    const { pixels } = pictureOf(pictures, picture);
    // Recorded together: the weights shown are those that made the maps.
    const [read, weights] = await Promise.all([
      judge.outputs(pixels),
      readTensors(network.model.stateDict()),
    ]);
    return this.mapsOf(step, pixels, read, weights);
  }

  /** With the weights of a step in `history`. */
  async mapsAt(picture: PictureRef, step: number): Promise<LayerMaps> {
    const { network, history, pictures, config } = this.run;
    const weights = history.get(step);
    if (!weights) throw new OptionError(`the weights of step ${step} are not kept any more`);
    const { pixels } = pictureOf(pictures, picture);
    if (this.shadow?.network !== network) {
      const classes = pictures.classes.length;
      const model = withDevice(network.device, () => buildModel(config.layers, INPUT, classes, config.seed));
      this.shadow = { network, judge: new Judge(network.device, model, pictures.standardised) };
    }
    const { judge } = this.shadow;
    judge.model.loadStateDict(new Map(weights));
    return this.mapsOf(step, pixels, await judge.outputs(pixels), weights);
  }

  private mapsOf(
    step: number,
    pixels: Uint8Array,
    read: { outputs: HostTensor[]; probabilities: Float32Array },
    weights: ReadonlyMap<string, HostTensor>,
  ): LayerMaps {
    const { layers, pictures } = this.run;
    return layerMaps(layers, { step, pixels, table: pictures.standardised, ...read, weights });
  }

  /** Sets one weight; the run goes on with it. */
  edit(layer: number, tensor: "weight" | "bias", index: readonly number[], value: number): Promise<void> {
    if (!Number.isFinite(value)) throw new OptionError(`a weight must be a number, got ${value}`);
    return this.run.exclusive(async () => {
      const { network } = this.run;
      const t = network.model.stateDict().get(`${layer}.${tensor}`);
      if (!t) throw new OptionError(`layer ${layer + 1} has no ${tensor}`);
      const inside = index.every((i, axis) => Number.isInteger(i) && i >= 0 && i < t.shape[axis]!);
      if (index.length !== t.rank || !inside)
        throw new OptionError(`[${index}] lies outside of [${t.shape}]`);
      const at = index.reduce((flat, i, axis) => flat * t.shape[axis]! + i, 0);
      const place = view(t, at, 1);
      network.device.recorder.upload(place, Float32Array.of(value));
      place.release("edit");
      this.run.keep();
    });
  }

  /** Milliseconds by kernel of real training steps; of a run that stands still, of steps that are undone. [] without timestamps. */
  kernels(): Promise<KernelTime[]> {
    return this.run.exclusive(async () => {
      const { run } = this;
      const { network } = run;
      if (!network.device.features.has("timestamp-query")) return [];
      const before = run.state === "running" ? null : await takeSnapshot(network, run.step);
      const runs: Map<string, KernelTime>[] = [];
      for (let i = 0; i < PROFILED_STEPS; i++) {
        if (!before && run.step >= network.totalSteps) break;
        const batch = network.batches.at(run.step);
        const lr = network.rate;
        const { rows } = await network.device.profile(() => network.step(network.compiled, batch));
        if (!before) run.done(lr);
        runs.push(byKernel(rows));
      }
      if (before) restoreSnapshot(network, before);
      return mediansOf(runs);
    });
  }

  /** safetensors bytes; names as PyTorch's Sequential has them. */
  async weights(): Promise<Uint8Array> {
    const [read, { toI64, writeSafetensors }] = await Promise.all([
      readTensors(this.run.network.model.stateDict()),
      import("../../src/io/safetensors.ts"),
    ]);
    const tensors = [...read].map(([name, { shape, data }]): [string, SafeTensor] => [
      name,
      data instanceof Int32Array
        ? { dtype: "I64", shape, data: toI64(data) }
        : { dtype: "F32", shape, data: data as Float32Array<ArrayBuffer> },
    ]);
    return writeSafetensors(tensors, { format: "pt" });
  }

  /** The next training step in the variant that keeps everything; after the last step one that is undone again. */
  retainedStep(): Promise<RetainedStep> {
    return this.run.exclusive(async () => {
      const { collectStep } = await import("./inspect/collect.ts");
      const { run } = this;
      const { network, step } = run;
      if (run.state === "failed") throw new UsageError("the run has failed: reset it first");
      const batch = network.batches.at(step);
      const variant = network.retaining;
      await network.prepare(variant);
      const before = step >= network.totalSteps ? await takeSnapshot(network, step) : null;
      const { config, roofs } = run;
      const lr = network.rate;
      let loss: Tensor | null = null;
      const retained = await collectStep({
        ...{ step: step + 1, layers: config.layers, pictures: network.batches.bytesAt(step), roofs },
        x: { shape: batch.x.shape, values: batch.x.data },
        y: batch.y.data,
        ...{ device: network.device, model: network.model, optimizer: network.optimizer, variant },
        optimizerName: config.optimizer,
        run: () => (loss = network.step(variant, batch)),
      });
      (loss as Tensor | null)?.release("retainedStep");
      if (before) restoreSnapshot(network, before);
      else run.done(lr);
      run.retained = retained;
      return retained;
    });
  }
}

function guessOf(probabilities: Float32Array, index: number, classes: number): number {
  const own = probabilities.subarray(index * classes, (index + 1) * classes);
  return own.indexOf(Math.max(...own));
}

function byKernel(rows: readonly { kernel: string; ns: number }[]): Map<string, KernelTime> {
  const found = new Map<string, KernelTime>();
  for (const { kernel, ns } of rows) {
    const { ms, dispatches } = found.get(kernel) ?? { ms: 0, dispatches: 0 };
    found.set(kernel, { kernel, ms: ms + ns / 1e6, dispatches: dispatches + 1 });
  }
  return found;
}

function mediansOf(runs: readonly Map<string, KernelTime>[]): KernelTime[] {
  const times = [...(runs[0]?.values() ?? [])].map(({ kernel, dispatches }) => {
    const sorted = runs.map((run) => run.get(kernel)?.ms ?? 0).sort((a, b) => a - b);
    return { kernel, dispatches, ms: sorted[sorted.length >> 1]! };
  });
  return times.sort((a, b) => b.ms - a.ms);
}
