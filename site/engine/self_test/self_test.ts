// The self-test of the home page: a handful of ops on this device against float64 on the CPU. Small on purpose: three seconds on a
// software adapter, most of it the compilation of shaders. The whole table is `wgrad selftest`.

import { type Device, withDevice } from "../../../src/gpu/device.ts";
import { batchNorm } from "../../../src/kernels/batch_norm.ts";
import { mul } from "../../../src/kernels/binary.ts";
import { conv2d } from "../../../src/kernels/conv2d.ts";
import { crossEntropy } from "../../../src/kernels/cross_entropy.ts";
import { matmul } from "../../../src/kernels/matmul.ts";
import { maxPool2d } from "../../../src/kernels/max_pool.ts";
import { sum } from "../../../src/kernels/reduce.ts";
import { softmax } from "../../../src/kernels/softmax.ts";
import { AdamW } from "../../../src/optim/adam.ts";
import { grad } from "../../../src/tensor/autograd.ts";
import { rand, tensor } from "../../../src/tensor/create.ts";
import { parameter } from "../../../src/tensor/parameter.ts";
import { Generator } from "../../../src/tensor/philox.ts";
import { scope } from "../../../src/tensor/scope.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import type { SelfTestRow } from "../protocol.ts";
import { readTensors } from "../reading.ts";
import { ADAM, type CaseName, judged, type Numbers, numbers, SEED, STEPS } from "./self_test_cases.ts";

export function selfTest(device: Device): Promise<SelfTestRow[]> {
  const given = numbers();
  return judged(given, async (name) => {
    let reading: ReturnType<typeof readTensors> | undefined;
    withDevice(device, () =>
      scope(() => {
        reading = readTensors([["y", opsOf(given)[name]()()]]);
      }, "self-test"),
    );
    return (await reading!).get("y")!.data;
  });
}

/** The first call makes what lives on, such as parameters; the second runs the op, and can be captured. */
export function opsOf(n: Numbers): Readonly<Record<CaseName, () => () => Tensor>> {
  const on = (data: Float32Array, ...shape: number[]) => tensor(data, { shape });
  const x = () => on(n.x, 2, 3, 12, 12);
  return {
    matmul: () => () => matmul(on(n.a, 48, 64), on(n.b, 64, 40)),
    conv: () => () => conv2d(x(), on(n.w, 4, 3, 3, 3), null, { padding: 1 }),
    convGradient: () => () => {
      const weight = on(n.w, 4, 3, 3, 3);
      weight.requiresGrad = true;
      const y = conv2d(x(), weight, null, { padding: 1 });
      return grad(y, [weight], { gradOutputs: [on(n.dy, 2, 4, 12, 12)] })[0]!;
    },
    maxPool: () => () => maxPool2d(x(), { kernelSize: 2 }),
    batchNorm: () => () => batchNorm(x(), { weight: on(n.scale, 3), bias: on(n.shift, 3), training: true }),
    softmax: () => () => softmax(on(n.rows, 16, 100), 1),
    crossEntropy: () => () => crossEntropy(on(n.rows, 16, 100), tensor(n.labels, { shape: [16] })),
    sum: () => () => sum(on(n.long, 64, 300), 1),
    random: () => () => rand([1000], { generator: new Generator(SEED) }),
    adamW: () => {
      const p = parameter([n.p.length], n.p);
      const optimizer = new AdamW([p], ADAM);
      return () => {
        for (let i = 0; i < STEPS; i++) {
          p.grad = tensor(n.gradient, { shape: p.shape });
          optimizer.step();
        }
        return mul(p, 1);
      };
    },
  };
}
