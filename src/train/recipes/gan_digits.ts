// `gan-digits`: a DCGAN learns to draw MNIST's digits without being told what a digit is; a judge trained on real ones says
// whether all ten appear, and how far its features are from theirs.

import { DcganDiscriminator, DcganGenerator } from "../../models/dcgan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { percent } from "../report/text.ts";
import { DigitGan, type DigitGanConfig } from "./parts/digit_gan.ts";
import { comparedFigures, digitGanSections, frechetRatio } from "./parts/digit_gan_report.ts";
import { type DigitGanFound, runDigitGan } from "./parts/digit_gan_run.ts";
import { DIGIT_SIZE } from "./parts/digit_judge.ts";
import type { Recipe } from "./runner/recipe.ts";
import type { Finish } from "./runner/run.ts";

const DEFAULTS = {
  steps: 800,
  batch: 64,
  lr: 5e-3,
  criticLr: 0.6,
  seed: 0,
  width: 16,
  criticWidth: 16,
  nz: 64,
  decay: 0.98,
  judged: 5000,
  judgeDigits: 38_400,
};
const SMALL = {
  steps: 120,
  batch: 16,
  width: 6,
  criticWidth: 6,
  nz: 16,
  decay: 0.9,
  judged: 200,
  judgeDigits: 1024,
  lr: 7e-3,
};

export const ganDigits: Recipe = {
  title: "a DCGAN that draws MNIST's digits",
  run: (options) =>
    runDigitGan(options, {
      name: "gan-digits",
      defaults: DEFAULTS,
      small: SMALL,
      make,
      finish,
    }),
};

class Dcgan extends DigitGan {
  readonly generator: DcganGenerator;
  readonly asked = false;
  readonly critic: DcganDiscriminator;

  constructor({ nz, width, criticWidth }: DigitGanConfig) {
    super(DIGIT_SIZE, nz);
    const common = { inChannels: 1, imageSize: DIGIT_SIZE };
    this.generator = new DcganGenerator({ ...common, nz, ngf: width });
    this.critic = new DcganDiscriminator({ ...common, ndf: criticWidth });
  }

  forward(z: Tensor): Tensor {
    return this.generator.forward(z); // [b, 1, 28, 28]
  }

  score(x: Tensor): Tensor {
    return this.critic.logits(x); // [b]
  }
}

const make = (config: DigitGanConfig) => new Dcgan(config);

function finish(found: DigitGanFound): Finish {
  const { end, gaussian, real } = found;
  const leastClassShare = Math.min(...end.shares);
  const ratio = frechetRatio(found, end);
  return {
    metrics: {
      leastClassShare,
      frechetRatio: ratio,
      frechet: end.frechet,
      realFrechetRatio: frechetRatio(found, real),
      judgeAccuracy: found.judgeAccuracy,
    },
    baseline: {
      leastClassShare: Math.min(...gaussian.shares),
      frechetRatio: frechetRatio(found, gaussian),
      frechet: gaussian.frechet,
    },
    report: {
      title: "A DCGAN of digits",
      summary: `Every digit has at least ${percent(leastClassShare)} of the pictures; the Frechet distance to real digits fell to ${percent(ratio)} of its start.`,
      tiles: [
        { label: "of the Frechet distance at the start", value: percent(ratio), main: true },
        { label: "share of the rarest digit", value: percent(leastClassShare) },
      ],
      comparison: comparedFigures(found, false),
      sections: digitGanSections(found, false),
    },
  };
}
