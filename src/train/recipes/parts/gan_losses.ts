// What the two sides of a GAN minimise, by name, as functions of the critic's scores: of real samples r [b], of fake ones f [b].
// Two of them need a penalty on the critic's gradient beside.

import { relu, softplus } from "../../../kernels/activation.ts";
import { add, mul, sub } from "../../../kernels/binary.ts";
import { mean, sum } from "../../../kernels/reduce.ts";
import { neg, square } from "../../../kernels/unary.ts";
import { grad } from "../../../tensor/autograd.ts";
import type { Tensor } from "../../../tensor/tensor.ts";

export interface GanLoss {
  readonly title: string;
  /** [] of r and f. */
  readonly critic: (real: Tensor, fake: Tensor) => Tensor;
  /** [] of f. */
  readonly generator: (fake: Tensor) => Tensor;
  /** On the critic's gradient: between real and fake samples its length is drawn to 1, or at real ones to 0. */
  readonly penalty?: "between" | "real";
}

/** -log D(real) - log(1 - D(fake)), D the sigmoid of the score. */
function crossEntropies(real: Tensor, fake: Tensor): Tensor {
  return add(mean(softplus(neg(real))), mean(softplus(fake)));
}

/** -log D(fake): the same fixed point as minimax, without its vanishing gradient where the critic is sure. */
function nonSaturating(fake: Tensor): Tensor {
  return mean(softplus(neg(fake)));
}

export const GAN_LOSSES = {
  /** Goodfellow et al. 2014, equation 1. */
  minimax: {
    title: "minimax",
    critic: crossEntropies,
    generator: (fake) => neg(mean(softplus(fake))),
  },
  /** Goodfellow et al. 2014, section 3. */
  nonSaturating: { title: "non-saturating", critic: crossEntropies, generator: nonSaturating },
  /** Mao et al. 2017: a = 0, b = c = 1. */
  lsgan: {
    title: "LSGAN",
    critic: (real, fake) => mul(add(mean(square(sub(real, 1))), mean(square(fake))), 0.5),
    generator: (fake) => mul(mean(square(sub(fake, 1))), 0.5),
  },
  /** Lim & Ye 2017. */
  hinge: {
    title: "hinge",
    critic: (real, fake) => add(mean(relu(sub(1, real))), mean(relu(add(fake, 1)))),
    generator: (fake) => neg(mean(fake)),
  },
  /** Gulrajani et al. 2017, equation 3. */
  wganGp: {
    title: "WGAN-GP",
    critic: (real, fake) => sub(mean(fake), mean(real)),
    generator: (fake) => neg(mean(fake)),
    penalty: "between",
  },
  /** Mescheder et al. 2018, equation 9. */
  r1: { title: "R1", critic: crossEntropies, generator: nonSaturating, penalty: "real" },
} satisfies Record<string, GanLoss>;

/**
 * mean |d score / d real|^2 over the samples (Mescheder et al. 2018, equation 9, without its weight gamma / 2), to be
 * differentiated again. `real` is a leaf that requires its gradient, `scores` the critic's of it.
 */
export function r1Penalty(scores: Tensor, real: Tensor): Tensor {
  const [dx] = grad(sum(scores), [real], { createGraph: true }); // as real
  return mul(sum(square(dx)), 1 / real.shape[0]); // []
}

/** Share of the run, at its end, in which the learning rate falls to 0: the two sides come to rest. */
const FALL = 0.5;

/** Factor of the learning rate when the share `done` of the run is done. */
export function fallingRate(done: number): number {
  return Math.min(1, (1 - done) / FALL);
}
