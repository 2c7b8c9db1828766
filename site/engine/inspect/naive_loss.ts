// The naive rung of the loss: the mean of the batch by one thread, or the log-sum of one sample.

import { crossEntropyNaive } from "../../../src/gpu/shaders.gen/crossEntropyNaive.ts";
import type { ElementRef } from "../protocol.ts";
import type { Rung } from "./rung.ts";
import type { Tensors } from "./tensors.ts";

export function lossRung(t: Tensors, { index }: ElementRef): Rung {
  const x = t.output(t.step.layers.length - 1);
  const [rows, n] = x.shape;
  const stats = t.step.kept.get("crossEntropy.stats")!;
  const common = {
    shader: crossEntropyNaive,
    inputs: { x, labels: { shape: [rows], values: t.step.y } },
    params: { rows, n },
  };
  if (index.length === 0) {
    const loss = t.loss();
    const one = { output: "loss", element: 0, each: "for all samples" };
    return {
      ...common,
      ...one,
      constants: { MEAN: true },
      results: { loss: { ...loss, shape: [1] }, stats },
    };
  }
  const [thread] = index;
  const row = { output: "stats", element: rows + thread, thread, threads: rows, each: "a sample" };
  return { ...common, ...row, results: { loss: { shape: [rows], values: null }, stats } };
}
