// Judging a classifier on test data: loss, accuracy, confusion matrix, and the samples it gets most wrong.

import type { DataLoader } from "../../../data/loader.ts";
import { currentDevice } from "../../../gpu/device.ts";
import { crossEntropy } from "../../../kernels/cross_entropy.ts";
import { softmax } from "../../../kernels/softmax.ts";
import { compile, type HostArray } from "../../../tensor/compile.ts";
import { noGrad } from "../../../tensor/mode.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Classifier } from "../../fit.ts";

export interface Mistake {
  readonly index: number;
  readonly truth: number;
  readonly guess: number;
  /** Probability given to the guess and to the truth. */
  readonly confidence: number;
  readonly truthProbability: number;
}

export interface Judgement {
  readonly loss: number;
  readonly accuracy: number;
  /** Rows: true class; columns: predicted. */
  readonly confusion: number[][];
  /** Least probability of the truth first. */
  readonly mistakes: readonly Mistake[];
}

/** Runs a classifier over all of `data` in evaluation mode. */
export async function judge(
  model: Classifier,
  data: DataLoader<"x" | "y">,
  classes: number,
): Promise<Judgement> {
  const step = compile((x: Tensor, y: Tensor) =>
    noGrad(() => {
      const logits = model.forward(x); // [b, classes]
      return { probabilities: softmax(logits, 1), loss: crossEntropy(logits, y, { reduction: "sum" }) };
    }),
  );
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const mistakes: Mistake[] = [];
  let loss = 0;
  let seen = 0;
  const before = model.training;
  model.eval();
  for (let i = 0; i < data.length; i++) {
    const { x, y } = data.at(0, i) as unknown as { x: HostArray; y: HostArray };
    const result = step(x, y);
    const [probabilities, part] = await Promise.all([result.probabilities.data(), result.loss.item()]);
    result.probabilities.release("judge");
    result.loss.release("judge");
    loss += part;
    for (let k = 0; k < y.data.length; k++) {
      const row = (probabilities as Float32Array).subarray(k * classes, (k + 1) * classes);
      const truth = y.data[k];
      const guess = row.reduce((best, p, c) => (p > row[best] ? c : best), 0);
      confusion[truth][guess]++;
      if (guess !== truth)
        mistakes.push({
          index: seen + k,
          truth,
          guess,
          confidence: row[guess],
          truthProbability: row[truth],
        });
    }
    seen += y.data.length;
    currentDevice().errors.raise();
  }
  model.train(before);
  mistakes.sort((a, b) => a.truthProbability - b.truthProbability);
  return { loss: loss / seen, accuracy: 1 - mistakes.length / seen, confusion, mistakes };
}
