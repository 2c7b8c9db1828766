// Gradient penalty of WGAN-GP: mean((|d critic / dx| - target)^2) at points x between the real and the fake ones. Differentiated
// again by whoever minimises it: that takes second gradients of all that the critic is made of.

import { ShapeError } from "../gpu/errors.ts";
import { sub } from "../kernels/binary.ts";
import { lerp } from "../kernels/blend.ts";
import { mean, sum } from "../kernels/reduce.ts";
import { flatten, reshape } from "../kernels/reshape.ts";
import { square } from "../kernels/unary.ts";
import { norm } from "../kernels/vector_norm.ts";
import { grad } from "../tensor/autograd.ts";
import { rand } from "../tensor/create.ts";
import { enableGrad, noGrad } from "../tensor/mode.ts";
import type { Generator } from "../tensor/philox.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface GradientPenaltyOptions {
  /** The length the gradient should have. Default 1. */
  readonly target?: number;
  /** Share of the real sample at each point, [b] or [b, 1, ...]. Default: uniform on [0, 1). */
  readonly mix?: Tensor;
  /** Draws `mix`. Default: the default stream, see manualSeed. */
  readonly generator?: Generator;
}

/**
 * mean over samples of (|g| - target)^2, g the gradient of critic at x = mix real + (1 - mix) fake, its length taken over all axes
 * but the first (Gulrajani et al. 2017, equation 3, without its weight 10). No gradient flows into real or fake.
 *
 * Shapes: real and fake [b, ...]; `critic` maps that to one score a sample, in which no other sample has a part: a batch norm in
 * it would break that. A length of 0 has gradient 0.
 *
 * @throws ShapeError unless real and fake have one shape of two or more axes, and mix one number a sample
 */
export function gradientPenalty(
  critic: (x: Tensor) => Tensor,
  real: Tensor,
  fake: Tensor,
  { target = 1, mix, generator }: GradientPenaltyOptions = {},
): Tensor {
  const shapes = `real ${formatShape(real.shape)}, fake ${formatShape(fake.shape)}`;
  if (!sameShape(real.shape, fake.shape) || real.rank < 2)
    throw new ShapeError(`gradientPenalty: real and fake must have one shape [batch, ...], ${shapes}`);
  const b = real.shape[0];
  if (mix && mix.size !== b)
    throw new ShapeError(
      `gradientPenalty: mix must have one number a sample, mix ${formatShape(mix.shape)}, ${shapes}`,
    );
  const between = noGrad(() => {
    const share = reshape(mix ?? rand([b], { generator, device: real.device }), [
      b,
      ...real.shape.slice(1).fill(1),
    ]);
    return lerp(fake, real, share); // [b, ...]
  });
  return enableGrad(() => {
    const x = between; // [b, ...]
    x.requiresGrad = true;
    const [dx] = grad(sum(critic(x)), [x], { createGraph: true }); // [b, ...]
    return mean(square(sub(norm(flatten(dx, 1), { axes: 1 }), target))); // []
  });
}
