// `cgan-digits`: a GAN that draws the digit it is asked for. The critic projects what it saw onto an embedding of the digit
// (Miyato & Koyama 2018); a judge trained on real digits says whether the picture shows what was asked.

import { ConditionalGenerator, ProjectionDiscriminator } from "../../models/conditional_gan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { percent } from "../report/text.ts";
import { DigitGan, type DigitGanConfig } from "./parts/digit_gan.ts";
import { comparedFigures, digitGanSections, frechetRatio } from "./parts/digit_gan_report.ts";
import { type DigitGanFound, runDigitGan } from "./parts/digit_gan_run.ts";
import type { Recipe } from "./runner/recipe.ts";
import type { Finish } from "./runner/run.ts";

const DEFAULTS = {
  steps: 600,
  batch: 64,
  lr: 5e-3,
  criticLr: 0.6,
  seed: 0,
  width: 16,
  criticWidth: 12,
  nz: 64,
  decay: 0.98,
  judged: 5000,
  judgeDigits: 38_400,
};
const SMALL = {
  steps: 96,
  batch: 16,
  width: 6,
  criticWidth: 4,
  nz: 8,
  decay: 0.9,
  judged: 200,
  judgeDigits: 1024,
  lr: 0.01,
};

/** Two pixels of paper around: halved three times, so that what the critic projects has seen most of the digit. */
const SIZE = 32;
/** Numbers that the generator's digit is embedded in. */
const CLASS_DIM = 16;

export const cganDigits: Recipe = {
  title: "a class-conditional GAN with a projection critic on MNIST's digits",
  run: (options) =>
    runDigitGan(options, {
      name: "cgan-digits",
      defaults: DEFAULTS,
      small: SMALL,
      make,
      finish,
    }),
};

class ProjectionGan extends DigitGan {
  readonly generator: ConditionalGenerator;
  readonly asked = true;
  readonly critic: ProjectionDiscriminator;

  constructor({ nz, width, criticWidth }: DigitGanConfig) {
    super(SIZE, nz);
    const common = { inChannels: 1, imageSize: SIZE };
    this.generator = new ConditionalGenerator({ ...common, nz, ngf: width, classDim: CLASS_DIM });
    this.critic = new ProjectionDiscriminator({ ...common, ndf: criticWidth });
  }

  forward(z: Tensor, y: Tensor): Tensor {
    return this.generator.forward(z, y); // [b, 1, 32, 32]
  }

  score(x: Tensor, y: Tensor): Tensor {
    return this.critic.forward(x, y); // [b]
  }
}

const make = (config: DigitGanConfig) => new ProjectionGan(config);

function finish(found: DigitGanFound): Finish {
  const { end, classGaussian: gaussian, real } = found;
  const ratio = frechetRatio(found, end);
  return {
    metrics: {
      asAsked: end.asked,
      frechetRatio: ratio,
      frechet: end.frechet,
      realFrechetRatio: frechetRatio(found, real),
      judgeAccuracy: found.judgeAccuracy,
    },
    baseline: {
      asAsked: gaussian.asked,
      frechetRatio: frechetRatio(found, gaussian),
      frechet: gaussian.frechet,
    },
    report: {
      title: "Digits on request",
      summary: `${percent(end.asked)} of the pictures show the digit asked for; the Frechet distance to real digits fell to ${percent(ratio)} of its start.`,
      tiles: [
        { label: "pictures that show what was asked for", value: percent(end.asked), main: true },
        { label: "of the Frechet distance at the start", value: percent(ratio) },
      ],
      comparison: comparedFigures(found, true),
      sections: digitGanSections(found, true),
    },
  };
}
