// wgrad's side of the bench. One dispatch and no gradient: eager; everything else compiled. Models: wgrad_train.ts.
import { currentDevice } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/browser.ts";
import { gelu } from "../../src/kernels/activation.ts";
import { scaledDotProductAttention } from "../../src/kernels/attention.ts";
import { add, mul } from "../../src/kernels/binary.ts";
import { conv2d } from "../../src/kernels/conv2d.ts";
import { layerNorm } from "../../src/kernels/layer_norm.ts";
import { lstm } from "../../src/kernels/lstm.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import { maxPool2d } from "../../src/kernels/max_pool.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { softmax } from "../../src/kernels/softmax.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { type Compiled, compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Job, Library, MakeJob } from "./job.ts";
import { inputsOf, type Operands, type WorkName } from "./operands.ts";
import { trainDcgan, trainGpt, trainLenet, trainMlp } from "./wgrad_train.ts";

type Tensors = Readonly<Record<string, Tensor>>;

export function upload(operands: Operands): Tensors {
  return Object.fromEntries(
    Object.entries(operands).map(([key, { data, shape }]) => [key, tensor(data, { shape })]),
  );
}

/** A job of a function that gives tensors; they are released when their call is over, and its work runs all the same. */
export function jobOf(run: () => Tensor[], step?: Pick<Compiled<unknown[], unknown>, "programs">): Job {
  return {
    memory: () => step?.programs[0]?.memory ?? null,
    batch: async (calls) => {
      for (let i = 0; i < calls; i++) scope(() => void run());
      await currentDevice().settle();
    },
    once: async () => {
      const results = run();
      const values = await Promise.all(results.map((t) => t.data()));
      for (const t of results) t.release("bench");
      return values;
    },
  };
}

type Forward = (x: Tensors) => Tensor;

const eager =
  (work: WorkName, forward: Forward): MakeJob =>
  () => {
    const x = upload(inputsOf(work));
    return jobOf(() => [forward(x)]);
  };

const compiled =
  (work: WorkName, forward: Forward): MakeJob =>
  () => {
    const x = upload(inputsOf(work));
    const step = compile(() => [forward(x)]);
    return jobOf(step, step);
  };

/** y and the gradients of all inputs but dy. */
const withGradients =
  (work: WorkName, forward: Forward): MakeJob =>
  () => {
    const { dy, ...x } = upload(inputsOf(work));
    const leaves = Object.values(x);
    for (const t of leaves) t.requiresGrad = true;
    return jobOf(
      compile(() => {
        const y = forward(x);
        return [y, ...grad(y, leaves, { gradOutputs: [dy!] })];
      }),
    );
  };

const product: Forward = ({ a, b }) => matmul(a!, b!);
const conv: Forward = ({ x, w }) =>
  conv2d(x!, w!, null, { padding: w!.shape[2]! >> 1, groups: x!.shape[1]! / w!.shape[1]! });
const attention: Forward = ({ q, k, v }) => scaledDotProductAttention(q!, k!, v!, { isCausal: true });
const sequence: Forward = ({ x, w_ih, w_hh, b }) =>
  lstm(x!, { weightIh: w_ih!, weightHh: w_hh!, biasIh: b! })[0];

export const library: Library = {
  start: async () => (await requestDevice()).name,
  jobs: {
    matmul256: eager("matmul256", product),
    matmul512: eager("matmul512", product),
    conv3x3: eager("conv3x3", conv),
    conv3x3_bwd: withGradients("conv3x3_bwd", conv),
    conv1x1: eager("conv1x1", conv),
    conv1x1_bwd: withGradients("conv1x1_bwd", conv),
    dwconv3x3: eager("dwconv3x3", conv),
    dwconv3x3_bwd: withGradients("dwconv3x3_bwd", conv),
    maxpool_bwd: withGradients("maxpool_bwd", ({ x }) => maxPool2d(x!, { kernelSize: 2 })),
    softmax: eager("softmax", ({ x }) => softmax(x!)),
    layernorm: eager("layernorm", ({ x, weight, bias }) => layerNorm(x!, weight!.shape, weight!, bias!)),
    sum1m: eager("sum1m", ({ x }) => sum(x!)),
    gelu1m: compiled("gelu1m", ({ x }) => gelu(add(mul(x!, 1.5), 0.25))),
    sdpa: eager("sdpa", attention),
    sdpa_bwd: withGradients("sdpa_bwd", attention),
    lstm_bwd: withGradients("lstm_bwd", sequence),
    train_mlp: trainMlp,
    train_lenet: trainLenet,
    train_gpt: trainGpt,
    train_dcgan: trainDcgan,
  },
};
