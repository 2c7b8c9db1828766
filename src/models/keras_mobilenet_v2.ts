// Weights of Keras' MobileNetV2 in ours: names and axes of the file, and the options without which the numbers differ.

import { FormatError } from "../gpu/errors.ts";
import type { StateArray } from "../layers/state_dict.ts";
import type { MobileNetV2Options } from "./mobilenet_v2.ts";

/** What Keras' network has otherwise than PyTorch's. */
export const KERAS_MOBILENET_V2: MobileNetV2Options = {
  norm: { eps: 1e-3, momentum: 0.001 },
  padding: "tensorflow",
};

interface KerasWeight {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

const BLOCKS = 17; // expanded_conv, block_1 ... block_16
const NORM = { gamma: "weight", beta: "bias", moving_mean: "running_mean", moving_variance: "running_var" };

/**
 * The features of a MobileNetV2 that Keras saved (`readTfjsWeights` reads TensorFlow.js' files): keys `features.*` for
 * `loadStateDict` of `mobilenetV2({ ...KERAS_MOBILENET_V2 })` with `strict: false`. Weights of other layers, such as heads, are
 * left out.
 *
 * @throws FormatError naming all that is missing
 */
export function kerasMobilenetV2(weights: ReadonlyMap<string, KerasWeight>): Map<string, StateArray> {
  const missing: string[] = [];
  const found = new Map<string, StateArray>();
  const take = (name: string, key: string, turn: (w: KerasWeight) => StateArray = (w) => w) => {
    const w = weights.get(name);
    if (w) found.set(key, turn(w));
    else missing.push(name);
  };
  const norm = (name: string, key: string) => {
    for (const [keras, torch] of Object.entries(NORM)) take(`${name}/${keras}`, `${key}.${torch}`);
  };
  take("Conv1/kernel", "features.0.0.weight", outputsFirst);
  norm("bn_Conv1", "features.0.1");
  for (let i = 0; i < BLOCKS; i++) {
    const name = i === 0 ? "expanded_conv" : `block_${i}`;
    const conv = `features.${i + 1}.conv`;
    const widens = i > 0;
    if (widens) {
      take(`${name}_expand/kernel`, `${conv}.0.0.weight`, outputsFirst);
      norm(`${name}_expand_BN`, `${conv}.0.1`);
    }
    const at = widens ? 1 : 0;
    take(`${name}_depthwise/depthwise_kernel`, `${conv}.${at}.0.weight`, channelsFirst);
    norm(`${name}_depthwise_BN`, `${conv}.${at}.1`);
    take(`${name}_project/kernel`, `${conv}.${at + 1}.weight`, outputsFirst);
    norm(`${name}_project_BN`, `${conv}.${at + 2}`);
  }
  take("Conv_1/kernel", `features.${BLOCKS + 1}.0.weight`, outputsFirst);
  norm("Conv_1_bn", `features.${BLOCKS + 1}.1`);
  if (missing.length > 0) throw new FormatError(`kerasMobilenetV2: missing weights: ${missing.join(", ")}`);
  return found;
}

/** [kh, kw, in, out] -> [out, in, kh, kw] */
function outputsFirst(w: KerasWeight): StateArray {
  return permuted(w, [3, 2, 0, 1]);
}

/** Of a depthwise kernel [kh, kw, channels, 1] -> [channels, 1, kh, kw] */
function channelsFirst(w: KerasWeight): StateArray {
  return permuted(w, [2, 3, 0, 1]);
}

/** Four axes in another order. */
function permuted({ data, shape }: KerasWeight, order: readonly number[]): StateArray {
  if (shape.length !== 4) throw new FormatError(`kerasMobilenetV2: a kernel of shape [${shape}]`);
  const [, s1 = 0, s2 = 0, s3 = 0] = shape;
  const strides = [s1 * s2 * s3, s2 * s3, s3, 1];
  const [n0, n1, n2, n3] = order.map((axis) => shape[axis]!) as [number, number, number, number];
  const [t0, t1, t2, t3] = order.map((axis) => strides[axis]!) as [number, number, number, number];
  const out = new Float32Array(data.length);
  let at = 0;
  for (let a = 0; a < n0; a++)
    for (let b = 0; b < n1; b++)
      for (let c = 0; c < n2; c++)
        for (let d = 0; d < n3; d++) out[at++] = data[a * t0 + b * t1 + c * t2 + d * t3]!;
  return { data: out, shape: [n0, n1, n2, n3] };
}
