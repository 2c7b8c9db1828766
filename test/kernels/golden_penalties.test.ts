// Gradient penalties of PyTorch (WGAN-GP, R1) through convolutions, norms and leaky ReLU: the training of a critic
// differentiates its gradient.
import { beforeAll, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { leakyRelu } from "../../src/kernels/activation.ts";
import { batchNorm } from "../../src/kernels/batch_norm.ts";
import { sub } from "../../src/kernels/binary.ts";
import { conv2d } from "../../src/kernels/conv2d.ts";
import { groupNorm, instanceNorm } from "../../src/kernels/group_norm.ts";
import { layerNorm } from "../../src/kernels/layer_norm.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import { mean, sum } from "../../src/kernels/reduce.ts";
import { flatten } from "../../src/kernels/reshape.ts";
import { rmsNorm } from "../../src/kernels/rms_norm.ts";
import { sqrt, square } from "../../src/kernels/unary.ts";
import { grad } from "../../src/tensor/autograd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, type Inputs } from "./golden_case.ts";

interface Options {
  readonly norm: keyof typeof NORMS;
  readonly groups: number;
  readonly kind: "wganGp" | "r1";
  readonly slope: number;
}
type Norm = (y: Tensor, weight: Tensor, bias: Tensor) => Tensor;

const NORMS = {
  none: (y) => y,
  batchNorm: (y, weight, bias) => batchNorm(y, { weight, bias, training: true }),
  instanceNorm: (y, weight, bias) => instanceNorm(y, { weight, bias }),
  groupNorm: (y, weight, bias) => groupNorm(y, 2, weight, bias),
  layerNorm: (y, weight, bias) => layerNorm(y, y.shape.slice(1), weight, bias),
  rmsNorm: (y, weight) => rmsNorm(y, y.shape.slice(-1), weight),
} satisfies Record<string, Norm>;

function critic({ x, w1, w2, head, weight, bias }: Inputs, { norm, groups, slope }: Options): Tensor {
  const y = conv2d(x, w1, null, { stride: 2, padding: 1, groups }); // [n, 4, 4, 3]
  const h = leakyRelu((NORMS[norm] as Norm)(y, weight, bias), { negativeSlope: slope });
  const z = leakyRelu(conv2d(h, w2, null, { padding: 1 }), { negativeSlope: slope });
  return matmul(flatten(z, 1), head); // [n]
}

function penalty(inputs: Inputs, options: Options): Tensor {
  const [dx] = grad(sum(critic(inputs, options)), [inputs.x], { createGraph: true });
  const lengths = sum(square(flatten(dx, 1)), 1); // [n]
  return mean(options.kind === "r1" ? lengths : square(sub(sqrt(lengths), 1)));
}

beforeAll(async () => {
  await requestDevice();
});

test.each(loadGolden<Options>("penalties"))("$name", (c) =>
  checkGolden(c as never, (inputs) => [penalty(inputs, c.options)]),
);
