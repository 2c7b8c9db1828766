// wgrad's training steps: one compiled function of a batch each, Adam included.
import { softplus } from "../../src/kernels/activation.ts";
import { add } from "../../src/kernels/binary.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { mean } from "../../src/kernels/reduce.ts";
import { reshape } from "../../src/kernels/reshape.ts";
import { neg } from "../../src/kernels/unary.ts";
import { LeakyReLU, ReLU, Tanh } from "../../src/layers/activation.ts";
import { ConvTranspose2d } from "../../src/layers/conv_transpose.ts";
import { Conv2d } from "../../src/layers/conv2d.ts";
import { Flatten } from "../../src/layers/flatten.ts";
import { Linear } from "../../src/layers/linear.ts";
import { Module } from "../../src/layers/module.ts";
import { Sequential } from "../../src/layers/sequential.ts";
import { Gpt } from "../../src/models/gpt.ts";
import { LeNet } from "../../src/models/lenet.ts";
import { Mlp } from "../../src/models/mlp.ts";
import { Adam } from "../../src/optim/adam.ts";
import { type Compiled, compile } from "../../src/tensor/compile.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Job } from "./job.ts";
import { inputsOf, paramsOf, type WorkName } from "./operands.ts";
import { jobOf, upload } from "./wgrad.ts";

/** A classifier: minimises the cross-entropy of `logits`. */
function classifier(work: WorkName, model: Module, logits: (x: Tensor) => Tensor): Job {
  model.loadStateDict(paramsOf(work));
  const optimizer = new Adam(model.parameters());
  const step = compile((x: Tensor, labels: Tensor) => {
    const loss = crossEntropy(logits(x), labels);
    optimizer.minimize(loss);
    return [loss];
  });
  const { labels, ...rest } = upload(inputsOf(work));
  return fed(step, Object.values(rest)[0]!, reshape(labels!, [labels!.size]));
}

function fed(step: Compiled<[Tensor, Tensor], Tensor[]>, a: Tensor, b: Tensor): Job {
  return jobOf(() => step(a, b), step);
}

export function trainMlp(): Job {
  const model = new Mlp([784, 256, 10]);
  return classifier("train_mlp", model, (x) => model.forward(x));
}

export function trainLenet(): Job {
  const model = new LeNet({ channels: [8, 16] });
  return classifier("train_lenet", model, (x) => model.forward(x));
}

export function trainGpt(): Job {
  const vocab = 65;
  const model = new Gpt({ vocab, length: 64, d: 64, heads: 4, layers: 2 });
  return classifier("train_gpt", model, (ids) => reshape(model.forward(ids), [ids.size, vocab])); // [b t, vocab]
}

/** [b, 1568] -> [b, 32, 7, 7] */
class ToPlanes extends Module {
  forward(x: Tensor): Tensor {
    return reshape(x, [x.shape[0]!, 32, 7, 7]);
  }
}

const HALVE = { kernelSize: 4, stride: 2, padding: 1 };

/** Radford et al. 2016 for 28x28 pictures, without batch norm. */
class Dcgan extends Module {
  readonly g = new Sequential(
    new Linear(64, 32 * 7 * 7),
    new ReLU(),
    new ToPlanes(),
    new ConvTranspose2d(32, 16, HALVE), // [b, 16, 14, 14]
    new ReLU(),
    new ConvTranspose2d(16, 1, HALVE), // [b, 1, 28, 28]
    new Tanh(),
  );
  readonly d = new Sequential(
    new Conv2d(1, 16, HALVE), // [b, 16, 14, 14]
    new LeakyReLU({ negativeSlope: 0.2 }),
    new Conv2d(16, 32, HALVE), // [b, 32, 7, 7]
    new LeakyReLU({ negativeSlope: 0.2 }),
    new Flatten(),
    new Linear(32 * 7 * 7, 1),
  );

  forward(z: Tensor): Tensor {
    return this.g.forward(z);
  }
}

/** D on real and generated pictures, then G against the new D. */
export function trainDcgan(): Job {
  const model = new Dcgan();
  const { g, d } = model;
  model.loadStateDict(paramsOf("train_dcgan"));
  const [adamD, adamG] = [new Adam(d.parameters()), new Adam(g.parameters())];
  const isReal = (logits: Tensor) => mean(softplus(neg(logits)));
  const isFake = (logits: Tensor) => mean(softplus(logits));
  const step = compile((real: Tensor, z: Tensor) => {
    const fake = model.forward(z);
    const lossD = add(isReal(d.forward(real)), isFake(d.forward(fake.alias())));
    adamD.minimize(lossD);
    d.requiresGrad_(false); // the gradient passes through D to G only
    const lossG = isReal(d.forward(fake));
    adamG.minimize(lossG);
    d.requiresGrad_(true);
    return [lossD, lossG];
  });
  const { real, z } = upload(inputsOf("train_dcgan"));
  return fed(step, real!, z!);
}
