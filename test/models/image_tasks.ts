// A task for every architecture for images and volumes, and for every network of the GANs: small ones of each.
import { bceWithLogits, mse } from "../../src/functional/loss.ts";
import { sub } from "../../src/kernels/binary.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { mean } from "../../src/kernels/reduce.ts";
import type { Module } from "../../src/layers/module.ts";
import * as models from "../../src/models/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { classes, numbers, type Task, task } from "./trained.ts";

const FEW = { numClasses: 3 };
const image = (make: () => Module, size = 32): Task => classes(make, 3, 4, 3, size, size);
/** So many batch norms, over so few values, that a loss falls in small steps alone. */
const deep = (make: () => Module): Task => ({ ...image(make), lr: 1e-5 });
const VGG = { ...FEW, width: 4, hidden: 16, dropout: 0 };
const RESNET = { ...FEW, width: 8 };
const NARROW = { ...FEW, width: 0.25, dropout: 0 };
const VIT = { ...FEW, imageSize: 16, patchSize: 8, layers: 2 };

const pixels = (dimensions: models.UnetDimensions, side: number): Task =>
  task({
    make: () => models.unet({ dimensions, width: 4, depth: 2 }),
    batch: (draw) => {
      const sides = Array<number>(dimensions).fill(side);
      return [draw.real(2, 1, ...sides), draw.ids(2, 2, ...sides)];
    },
    loss: (model, x, y) => crossEntropy(model.forward(x), y),
  });

const PICTURE = { inChannels: 1, imageSize: 28 };
const G = { ...PICTURE, nz: 8, ngf: 4 };
const D = { ...PICTURE, ndf: 4 };

/** Tells pictures from their like. */
const judge = <M extends Module>(
  make: () => M,
  scores: (model: M, x: Tensor, y: Tensor) => Tensor,
  ...shape: number[]
): Task =>
  task({
    make,
    batch: (draw) => [draw.real(...shape), draw.ids(2, shape[0]!), draw.turns(shape[0]!)],
    loss: (model, x, y, real) => bceWithLogits(scores(model, x, y), real),
  });

/** Networks of convolutions that tell classes, by the name in the catalogue. */
export const CNN_TASKS: Readonly<Record<string, Task>> = {
  mlp: classes(() => new models.Mlp([20, 16, 3]), 3, 4, 20),
  lenet: classes(() => new models.LeNet({ classes: 3 }), 3, 4, 1, 28, 28),
  alexnet: image(() => models.alexnet({ ...FEW, hidden: 16, dropout: 0 }), 63),
  vgg11: image(() => models.vgg11(VGG)),
  vgg16: image(() => models.vgg16(VGG)),
  vgg16_bn: image(() => models.vgg16Bn(VGG)),
  vgg19: image(() => models.vgg19(VGG)),
  resnet18: image(() => models.resnet18(RESNET)),
  resnet34: image(() => models.resnet34(RESNET)),
  resnet50: deep(() => models.resnet50(RESNET)),
  resnet101: deep(() => models.resnet101(RESNET)),
  se_resnet18: image(() => models.seResnet18(RESNET)),
  se_resnet50: deep(() => models.seResnet50(RESNET)),
  efficientnet_b0: image(() => models.efficientnetB0({ ...NARROW, depth: 0.5, stochasticDepth: 0 })),
  mobilenet_v2: image(() => models.mobilenetV2(NARROW)),
  mobilenet_v3_small: image(() => models.mobilenetV3Small(NARROW)),
  mobilenet_v3_large: image(() => models.mobilenetV3Large(NARROW)),
  densenet121: image(() => models.densenet121({ ...FEW, growthRate: 4, layers: [2, 2, 2, 2], width: 8 })),
  // A relu ends it: among few classes all may start below 0, and stay there.
  squeezenet1_1: classes(() => models.squeezenet1_1({ numClasses: 12, dropout: 0 }), 12, 4, 3, 32, 32),
  convnext_tiny: image(() =>
    models.convnextTiny({ ...FEW, widths: [8, 16, 24, 32], depths: [1, 1, 2, 1], stochasticDepth: 0 }),
  ),
};

/** What else reads or makes pictures. */
export const PICTURE_TASKS: Readonly<Record<string, Task>> = {
  unet: pixels(2, 16),
  unet_1d: pixels(1, 32),
  unet_3d: pixels(3, 8),
  vit_b_16: image(() => models.vitB16({ ...VIT, d: 48, heads: 4 }), 16),
  vit_s_16: image(() => models.vitS16({ ...VIT, d: 48 }), 16),
  vit_ti_16: image(() => models.vitTi16({ ...VIT, d: 48 }), 16),
  cnn_transformer: image(() => new models.CnnTransformer({ ...FEW, imageSize: 16, d: 32, layers: 2 }), 16),
  dcgan_g: numbers(() => models.dcganG(G), [4, 8], [4, 1, 28, 28]),
  dcgan_d: judge(
    () => models.dcganD(D),
    (d, x) => d.logits(x),
    ...[6, 1, 28, 28],
  ),
  conditional_g: task({
    make: () => new models.ConditionalGenerator({ ...G, numClasses: 3, classDim: 4 }),
    batch: (draw) => [draw.real(4, 8), draw.ids(3, 4), draw.real(4, 1, 28, 28)],
    loss: (g, z, y, real) => mse(g.forward(z, y), real),
  }),
  conditional_d: judge(
    () => new models.ProjectionDiscriminator({ ...D, numClasses: 2 }),
    (d, x, y) => d.forward(x, y),
    ...[6, 1, 28, 28],
  ),
  wgan_critic: task({
    make: () => new models.WganCritic(D),
    batch: (draw) => [draw.real(4, 1, 28, 28), draw.real(4, 1, 28, 28)],
    loss: (critic, real, fake) => sub(mean(critic.forward(fake)), mean(critic.forward(real))),
  }),
  toy_g: numbers(() => new models.ToyGenerator({ hidden: 8 }), [8, 2], [8, 2]),
  toy_d: judge(
    () => new models.ToyDiscriminator({ hidden: 8 }),
    (d, x) => d.forward(x),
    ...[8, 2],
  ),
};
