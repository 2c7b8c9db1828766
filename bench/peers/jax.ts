// jax-js's side of the bench, in its best form: everything in one jit, gradients by vjp. Its calls take over their arguments
// (`.ref` keeps one), and nothing runs before a result is asked for: gpuBuffer() asks. Models: jax_train.ts.
import {
  type Array as Arr,
  defaultDevice,
  getWebGPUDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  vjp,
} from "@jax-js/jax";
import { trainDcgan, trainGpt, trainLenet, trainMlp } from "./jax_train.ts";
import type { Job, Library, MakeJob } from "./job.ts";
import { flipMiddle } from "./layouts.ts";
import { inputsOf, type Operand, type WorkName, workOf } from "./operands.ts";

export function upload({ data, shape }: Operand): Arr {
  const flat = data instanceof Int32Array ? np.array(data, { dtype: np.int32 }) : np.array(data);
  return flat.reshape(shape);
}

/** A job of a function that starts a call and gives its results. */
export function jobOf(start: () => Arr[], canonical?: Job["canonical"]): Job {
  return {
    batch: async (calls) => {
      const held: Arr[][] = [];
      const started: Promise<unknown>[] = [];
      for (let i = 0; i < calls; i++) {
        const results = start();
        held.push(results);
        started.push(results[0]!.ref.gpuBuffer()); // one jit: all results are of the same kernels
      }
      await Promise.all(started);
      await getWebGPUDevice().queue.onSubmittedWorkDone();
      for (const results of held) for (const r of results) r.dispose();
    },
    once: async () => (await Promise.all(start().map((r) => r.data()))) as Float32Array[],
    canonical,
  };
}

type Forward = (...x: Arr[]) => Arr;

const forward = (work: WorkName, f: Forward, place = (x: Operand) => x, back?: Job["canonical"]): MakeJob => {
  return () => {
    const inputs = Object.values(inputsOf(work)).map((x) => upload(place(x)));
    const run = jit(f);
    return jobOf(() => [run(...inputs.map((x) => x.ref))], back);
  };
};

/** y and the gradients of all inputs but dy, which is the last. */
const withGradients = (
  work: WorkName,
  f: Forward,
  place = (x: Operand) => x,
  back?: Job["canonical"],
): MakeJob => {
  return () => {
    const inputs = Object.values(inputsOf(work)).map((x) => upload(place(x)));
    const run = jit((...all: Arr[]) => {
      const [y, pull] = vjp(f, all.slice(0, -1));
      return [y, ...pull(all.at(-1)!)];
    });
    return jobOf(() => run(...inputs.map((x) => x.ref)) as Arr[], back);
  };
};

const conv = (work: WorkName): Forward => {
  const { x, w } = workOf(work).inputs;
  const p = w!.shape[2]! >> 1;
  const options = { featureGroupCount: x!.shape[1]! / w!.shape[1]! };
  return (x, w) =>
    lax.convGeneralDilated(
      x!,
      w!,
      [1, 1],
      [
        [p, p],
        [p, p],
      ],
      options,
    );
};

export const attention: Forward = (q, k, v) => nn.dotProductAttention(q!, k!, v!, { isCausal: true });

// Attention takes [b, t, h, d] there; the operands of the bench are [b, h, t, d].
const toBthd = ({ data, shape }: Operand): Operand => {
  const [b, h, t, d] = shape as [number, number, number, number];
  return { data: flipMiddle(data, [b, h, t, d]) as Float32Array<ArrayBuffer>, shape: [b, t, h, d] };
};
const toBhtd: Job["canonical"] = (outputs) => outputs.map((y) => flipMiddle(y, [2, 128, 4, 32]));

/** The products with the input of all steps at once, then step by step. */
const lstm: Forward = (x, w_ih, w_hh, b) => {
  const [t, n] = x!.shape as [number, number];
  const size = w_hh!.shape[1]!;
  const gx = np.einsum("tni,gi->tng", x!, w_ih!).add(b!); // [t, n, 4 h]
  const w = np.transpose(w_hh!); // [h, 4 h]
  let [h, c] = [np.zeros([n, size]), np.zeros([n, size])];
  const ys: Arr[] = [];
  for (let step = 0; step < t; step++) {
    const z = gx.ref.slice(step).add(np.matmul(h, w.ref)); // [n, 4 h]
    const gate = (k: number) => z.ref.slice([], [k * size, (k + 1) * size]);
    c = nn
      .sigmoid(gate(1))
      .mul(c)
      .add(nn.sigmoid(gate(0)).mul(np.tanh(gate(2))));
    h = nn.sigmoid(gate(3)).mul(np.tanh(c.ref));
    z.dispose();
    ys.push(h.ref);
  }
  for (const a of [gx, w, h, c]) a.dispose();
  return np.stack(ys);
};

export const library: Library = {
  start: async () => {
    await init("webgpu");
    defaultDevice("webgpu");
    const { vendor, architecture } = getWebGPUDevice().adapterInfo;
    return `${vendor} ${architecture}`;
  },
  jobs: {
    matmul256: forward("matmul256", (a, b) => np.matmul(a!, b!)),
    matmul512: forward("matmul512", (a, b) => np.matmul(a!, b!)),
    conv3x3: forward("conv3x3", conv("conv3x3")),
    conv3x3_bwd: withGradients("conv3x3_bwd", conv("conv3x3_bwd")),
    conv1x1: forward("conv1x1", conv("conv1x1")),
    conv1x1_bwd: withGradients("conv1x1_bwd", conv("conv1x1_bwd")),
    dwconv3x3: forward("dwconv3x3", conv("dwconv3x3")),
    dwconv3x3_bwd: withGradients("dwconv3x3_bwd", conv("dwconv3x3_bwd")),
    maxpool_bwd: withGradients("maxpool_bwd", (x) => lax.reduceWindow(x!, (w) => np.max(w), [2, 2], [2, 2])),
    softmax: forward("softmax", (x) => nn.softmax(x!, -1)),
    layernorm: forward("layernorm", (x, weight, bias) => nn.standardize(x!, -1).mul(weight!).add(bias!)),
    sum1m: forward("sum1m", (x) => np.sum(x!)),
    gelu1m: forward("gelu1m", (x) => nn.gelu(x!.mul(1.5).add(0.25), { approximate: false })),
    sdpa: forward("sdpa", attention, toBthd, toBhtd),
    sdpa_bwd: withGradients("sdpa_bwd", attention, toBthd, toBhtd),
    lstm_bwd: withGradients("lstm_bwd", lstm),
    train_mlp: trainMlp,
    train_lenet: trainLenet,
    train_gpt: trainGpt,
    train_dcgan: trainDcgan,
  },
};
