// Initialisers (torch.nn.init without the underscores): each sets a tensor in place and returns it. Values
// are drawn on the CPU, so that a seed gives the same bits on every host.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import type { TypedArray } from "../tensor/dtype.ts";
import { hasValues } from "../tensor/parameter.ts";
import type { Generator } from "../tensor/philox.ts";
import { fill } from "../tensor/primitives.ts";
import { defaultGenerator } from "../tensor/random.ts";
import { formatShape, numel, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export { orthogonal } from "./init_orthogonal.ts";

export interface InitOptions {
  /** Default: the default stream, see manualSeed. */
  readonly generator?: Generator;
}

export type Nonlinearity = "linear" | "conv" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

export interface KaimingOptions extends InitOptions {
  /** Slope of leakyRelu on the negative side. Default 0. */
  readonly a?: number;
  /** Keep the variance of the forward (fanIn, the default) or of the backward pass (fanOut). */
  readonly mode?: "fanIn" | "fanOut";
  /** Default leakyRelu. */
  readonly nonlinearity?: Nonlinearity;
}

export interface XavierOptions extends InitOptions {
  readonly gain?: number;
}

/**
 * Factor on the standard deviation that makes up for what a nonlinearity takes
 * (torch.nn.init.calculate_gain).
 */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  const gains = {
    linear: 1,
    conv: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.SQRT2,
    leakyRelu: Math.sqrt(2 / (1 + slope * slope)),
    selu: 0.75,
  } satisfies Record<Nonlinearity, number>;
  if (!Object.hasOwn(gains, nonlinearity)) {
    throw new OptionError(
      `init: nonlinearity must be one of ${Object.keys(gains).join(", ")}, got ${nonlinearity}`,
    );
  }
  return gains[nonlinearity];
}

/** Weights [out, in, ...kernel]: fanIn = in * numel(kernel), fanOut = out * numel(kernel). */
export function fans(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2)
    throw new ShapeError(`init: fans need a weight of 2 or more axes, got ${formatShape(shape)}`);
  const receptive = numel(shape.slice(2));
  return { fanIn: shape[1] * receptive, fanOut: shape[0] * receptive };
}

/** U(low, high). */
export function uniform(t: Tensor, low = 0, high = 1, options: InitOptions = {}): Tensor {
  return put(t, () => drawn(options).uniform(t.size, low, high));
}

/** N(mean, std^2). */
export function normal(t: Tensor, mean = 0, std = 1, options: InitOptions = {}): Tensor {
  return put(t, () => drawn(options).normal(t.size, mean, std));
}

/** N(mean, std^2) given low <= value <= high, by drawing again; bounds are values, as in PyTorch. */
export function truncNormal(
  t: Tensor,
  mean = 0,
  std = 1,
  low = -2,
  high = 2,
  options: InitOptions = {},
): Tensor {
  const width = high - low;
  // Drawing again is cheap only where a fair part of the bell lies inside.
  if (!(std > 0 && width >= 0.1 * std && mean >= low - std && mean <= high + std)) {
    throw new OptionError(`truncNormal: too little of N(${mean}, ${std}^2) lies in [${low}, ${high}]`);
  }
  return put(t, () => {
    const generator = drawn(options);
    const values = generator.normal(t.size, mean, std);
    const outside = (v: number) => v < low || v > high;
    let again = [...values.keys()].filter((i) => outside(values[i]));
    while (again.length > 0) {
      const fresh = generator.normal(again.length, mean, std);
      again.forEach((at, i) => {
        values[at] = fresh[i];
      });
      again = again.filter((at) => outside(values[at]));
    }
    return values;
  });
}

export function constant(t: Tensor, value: number): Tensor {
  return hasValues(t) ? fill(t, value) : t;
}

export function zeros(t: Tensor): Tensor {
  return constant(t, 0);
}

export function ones(t: Tensor): Tensor {
  return constant(t, 1);
}

/** U(-b, b), b = gain sqrt(3 / fan): He et al. 2015, equation 14. */
export function kaimingUniform(t: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd(t.shape, options);
  return uniform(t, -bound, bound, options);
}

/** N(0, gain^2 / fan): He et al. 2015. */
export function kaimingNormal(t: Tensor, options: KaimingOptions = {}): Tensor {
  return normal(t, 0, kaimingStd(t.shape, options), options);
}

/** U(-b, b), b = gain sqrt(6 / (fanIn + fanOut)): Glorot & Bengio 2010, equation 16. */
export function xavierUniform(t: Tensor, options: XavierOptions = {}): Tensor {
  const bound = Math.sqrt(3) * xavierStd(t.shape, options);
  return uniform(t, -bound, bound, options);
}

/** N(0, 2 gain^2 / (fanIn + fanOut)): Glorot & Bengio 2010. */
export function xavierNormal(t: Tensor, options: XavierOptions = {}): Tensor {
  return normal(t, 0, xavierStd(t.shape, options), options);
}

function kaimingStd(
  shape: Shape,
  { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" }: KaimingOptions,
): number {
  if (mode !== "fanIn" && mode !== "fanOut")
    throw new OptionError(`init: mode must be fanIn or fanOut, got ${mode}`);
  return calculateGain(nonlinearity, a) / Math.sqrt(Math.max(fans(shape)[mode], 1));
}

function xavierStd(shape: Shape, { gain = 1 }: XavierOptions): number {
  const { fanIn, fanOut } = fans(shape);
  return gain * Math.sqrt(2 / Math.max(fanIn + fanOut, 1));
}

function drawn(options: InitOptions): Generator {
  return options.generator ?? defaultGenerator;
}

/** A parameter made under skipInit stays as it is. */
function put(t: Tensor, values: () => TypedArray): Tensor {
  if (t.size > 0 && hasValues(t)) t.device.recorder.upload(t, values());
  return t;
}
