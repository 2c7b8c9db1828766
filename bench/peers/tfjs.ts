// TensorFlow.js's side of the bench, in its best form: NHWC, its fused ops, tidy. It has no graph: a call is its ops one by one,
// submitted fifteen at a time; `settle` submits the rest. Models: tfjs_train.ts.
import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import "@tensorflow/tfjs-backend-webgpu";
import type { Job, Library, MakeJob } from "./job.ts";
import { permuted } from "./layouts.ts";
import { inputsOf, type Operand, type Operands, type WorkName, workOf } from "./operands.ts";
import { trainDcgan, trainGpt, trainLenet, trainMlp } from "./tfjs_train.ts";

/** A job of a function that starts a call and gives its results. */
export function jobOf(start: () => tf.Tensor[], canonical?: Job["canonical"]): Job {
  return {
    batch: async (calls) => {
      const held: tf.Tensor[][] = [];
      for (let i = 0; i < calls; i++) held.push(start());
      await settle();
      tf.dispose(held);
    },
    once: async () => {
      const results = start();
      const values = await Promise.all(results.map((r) => r.data()));
      tf.dispose(results);
      return values;
    },
    canonical,
  };
}

async function settle(): Promise<void> {
  const backend = tf.backend() as WebGPUBackend;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  await backend.device.queue.onSubmittedWorkDone();
}

/** Pictures from NCHW to NHWC, kernels of convolutions to [h, w, in, out] (depthwise: [h, w, in, 1]). */
const TO_NHWC = [0, 2, 3, 1];
const TO_HWIO = [2, 3, 1, 0];
const TO_HWIM = [2, 3, 0, 1];
const FROM_NHWC = [0, 3, 1, 2];
const FROM_HWIO = [3, 2, 0, 1];
const FROM_HWIM = [2, 3, 0, 1];

export function upload({ data, shape }: Operand, order?: readonly number[]): tf.Tensor {
  if (data instanceof Int32Array) return tf.tensor(data, shape, "int32");
  if (!order) return tf.tensor(data, shape);
  return tf.tensor(
    permuted(data, shape, order),
    order.map((axis) => shape[axis]!),
  );
}

export function kernelOrder(name: string, shape: readonly number[]): readonly number[] | undefined {
  if (shape.length !== 4) return undefined;
  if (name === "w" || name.endsWith(".weight")) return shape[1] === 1 && name === "w" ? TO_HWIM : TO_HWIO;
  return TO_NHWC;
}

type Forward = (...x: tf.Tensor[]) => tf.Tensor;

interface Layouts {
  /** Pictures and kernels are turned. */
  readonly pictures?: boolean;
}

function uploadAll(operands: Operands, { pictures }: Layouts): tf.Tensor[] {
  return Object.entries(operands).map(([key, x]) =>
    upload(x, pictures ? kernelOrder(key, x.shape) : undefined),
  );
}

/** Results back to NCHW. */
function backOf(work: WorkName, { pictures }: Layouts): Job["canonical"] {
  if (!pictures) return undefined;
  const { w } = workOf(work).inputs;
  const isDepthwise = w?.shape[1] === 1;
  const results = workOf(work).outputs;
  return (outputs) =>
    outputs.map((y, i) => {
      if (results[i] !== "dw") return permuted(y, nhwcOf(work, results[i]!), FROM_NHWC);
      const [o, c, kh, kw] = w!.shape as [number, number, number, number];
      return isDepthwise ? permuted(y, [kh, kw, o, c], FROM_HWIM) : permuted(y, [kh, kw, c, o], FROM_HWIO);
    });
}

function nhwcOf(work: WorkName, result: string): number[] {
  const { x, w, dy } = workOf(work).inputs;
  const [n, c, h, width] = (
    result === "dx" ? x! : (dy ?? { shape: [x!.shape[0], w!.shape[0], ...x!.shape.slice(2)] })
  ).shape as [number, number, number, number];
  return [n, h, width, c];
}

const forward = (work: WorkName, f: Forward, layouts: Layouts = {}): MakeJob => {
  return () => {
    const inputs = uploadAll(inputsOf(work), layouts);
    return jobOf(() => [tf.tidy(() => f(...inputs))], backOf(work, layouts));
  };
};

/** y and the gradients of all inputs but dy, which is the last. */
const withGradients = (work: WorkName, f: Forward, layouts: Layouts = {}): MakeJob => {
  return () => {
    const inputs = uploadAll(inputsOf(work), layouts);
    const dy = inputs.pop()!;
    const run = tf.valueAndGrads(f as (...x: tf.Tensor[]) => tf.Scalar);
    const start = () => {
      const { value, grads } = tf.tidy(() => run(inputs, dy as tf.Scalar));
      return [value, ...grads];
    };
    return jobOf(start, backOf(work, layouts));
  };
};

const conv: Forward = (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same");
const depthwise: Forward = (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same");
const PICTURES = { pictures: true };

/** Exact: z (1 + erf(z / sqrt 2)) / 2. */
export function gelu(z: tf.Tensor): tf.Tensor {
  return z.mul(0.5).mul(tf.erf(z.mul(Math.SQRT1_2)).add(1));
}

const layerNorm: Forward = (x, weight, bias) => {
  const { mean, variance } = tf.moments(x!, -1, true);
  const [a, m, v] = [x, mean, variance] as tf.Tensor2D[];
  const row = (p: tf.Tensor) => p.reshape([1, p.size]) as tf.Tensor2D;
  return tf.batchNorm(a!, m!, v!, row(bias!), row(weight!), 1e-5);
};

/** The mask is made here, outside the clock. */
export function causalAttention(t: number): (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => tf.Tensor {
  const future = Float32Array.from({ length: t * t }, (_, i) => (i % t > Math.floor(i / t) ? -1e9 : 0));
  const mask = tf.tensor2d(future, [t, t]);
  return (q, k, v) => {
    const scores = tf
      .matMul(q, k, false, true)
      .mul(1 / Math.sqrt(q.shape.at(-1)!))
      .add(mask); // [b, h, t, t]
    return tf.matMul(tf.softmax(scores), v);
  };
}

/** The products with the input of all steps at once, then step by step. */
const lstm: Forward = (x, w_ih, w_hh, b) => {
  const [t, n, size] = x!.shape as [number, number, number];
  const gx = tf.matMul(x!.reshape([t * n, size]) as tf.Tensor2D, w_ih as tf.Tensor2D, false, true).add(b!);
  const steps = tf.split(gx, t); // [n, 4 h] each
  let h: tf.Tensor = tf.zeros([n, size]);
  let c: tf.Tensor = tf.zeros([n, size]);
  const ys: tf.Tensor[] = [];
  for (const g of steps) {
    const z = g.add(tf.matMul(h as tf.Tensor2D, w_hh as tf.Tensor2D, false, true));
    const [i, f, u, o] = tf.split(z, 4, 1);
    c = f!.sigmoid().mul(c).add(i!.sigmoid().mul(u!.tanh()));
    h = o!.sigmoid().mul(c.tanh());
    ys.push(h);
  }
  return tf.stack(ys);
};

export const library: Library = {
  start: async () => {
    await tf.setBackend("webgpu");
    await tf.ready();
    const { vendor, architecture } = (tf.backend() as WebGPUBackend).device.adapterInfo;
    return `${vendor} ${architecture}`;
  },
  jobs: {
    matmul256: forward("matmul256", (a, b) => tf.matMul(a!, b!)),
    matmul512: forward("matmul512", (a, b) => tf.matMul(a!, b!)),
    conv3x3: forward("conv3x3", conv, PICTURES),
    conv3x3_bwd: withGradients("conv3x3_bwd", conv, PICTURES),
    conv1x1: forward("conv1x1", conv, PICTURES),
    conv1x1_bwd: withGradients("conv1x1_bwd", conv, PICTURES),
    dwconv3x3: forward("dwconv3x3", depthwise, PICTURES),
    dwconv3x3_bwd: withGradients("dwconv3x3_bwd", depthwise, PICTURES),
    maxpool_bwd: withGradients("maxpool_bwd", (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"), PICTURES),
    softmax: forward("softmax", (x) => tf.softmax(x!)),
    layernorm: forward("layernorm", layerNorm),
    sum1m: forward("sum1m", (x) => tf.sum(x!)),
    gelu1m: forward("gelu1m", (x) => gelu(x!.mul(1.5).add(0.25))),
    sdpa: () => forward("sdpa", causalAttention(128) as Forward)(),
    sdpa_bwd: () => withGradients("sdpa_bwd", causalAttention(128) as Forward)(),
    lstm_bwd: withGradients("lstm_bwd", lstm),
    train_mlp: trainMlp,
    train_lenet: trainLenet,
    train_gpt: trainGpt,
    train_dcgan: trainDcgan,
  },
};
