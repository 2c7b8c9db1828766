// Random integers, coin flips, permutations and samples of a distribution, all drawn on the GPU from one stream: a captured
// step draws afresh at every replay. Uniform and normal draws: src/tensor/create.ts. No gradients.

import { currentDevice } from "../gpu/device.ts";
import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  multinomial as multinomialShader,
  randomInteger as randomIntegerShader,
} from "../gpu/shaders.gen.ts";
import { type RandomOptions, rand } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { drawParams } from "../tensor/random.ts";
import { formatShape, numel, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { div, mul } from "./binary.ts";
import { cast } from "./cast.ts";
import { lt } from "./compare.ts";
import { cumsum } from "./cumulative.ts";
import { maximum } from "./extremes.ts";
import { describe } from "./operand.ts";
import { argsort, topk } from "./sort.ts";
import { log1p, neg } from "./unary.ts";

const runIntegers = kernel(randomIntegerShader);
const runMultinomial = kernel(multinomialShader);
const WG = 64;
const TWO_31 = 2 ** 31;

export type DrawOptions = Pick<RandomOptions, "generator" | "device">;

/**
 * Uniform integers of [low, high), i32 (torch.randint): the numbers of Generator.integers.
 *
 * @throws OptionError unless -2^31 <= low < high <= 2^31, integers
 */
export function randint(low: number, high: number, shape: Shape, options: DrawOptions = {}): Tensor {
  if (![low, high].every(Number.isInteger) || low >= high || low < -TWO_31 || high > TWO_31)
    throw new OptionError(`randint: need integers -2^31 <= low < high <= 2^31, got ${low} and ${high}`);
  const y = empty(shape, "i32", options.device ?? currentDevice());
  const params = { n: y.size, low: low >>> 0, range: (high - low) >>> 0 };
  runIntegers(
    { y },
    { ...params, ...drawParams(y.size, options.generator) },
    { grid: grid1d(Math.ceil(y.size / (4 * WG))), label: "randint" },
  );
  return y;
}

/** `randint` with the shape and device of `t` (torch.randint_like); i32 whatever the dtype of `t`. */
export function randintLike(t: Tensor, low: number, high: number, options: DrawOptions = {}): Tensor {
  return randint(low, high, t.shape, { device: t.device, ...options });
}

export interface BernoulliOptions extends DrawOptions {
  /** For p a number: the shape of the result. Default []. */
  readonly shape?: Shape;
}

/**
 * 1 with probability p, else 0, as f32 (torch.bernoulli).
 *
 * @param p a number of [0, 1], or a tensor with one for each element: 1 from there on up, 0 for NaN and below
 * @throws OptionError for a number outside [0, 1]; DTypeError unless the tensor is f32
 */
export function bernoulli(p: Tensor | number, options: BernoulliOptions = {}): Tensor {
  const { shape = [], generator, device } = options;
  if (typeof p === "number") {
    if (!(p >= 0 && p <= 1)) throw new OptionError(`bernoulli: p must lie in [0, 1], got ${p}`);
    return cast(lt(rand(shape, { generator, device }), p), "f32");
  }
  if (!isFloat(p.dtype)) throw new DTypeError(`bernoulli: needs f32 or f16, p ${describe(p)}`);
  return cast(lt(rand(p.shape, { generator, device: p.device }), p), p.dtype);
}

/**
 * 0 .. n-1 in random order, i32 (torch.randperm): what sorts n random words. Equal words, of which there are about
 * n^2 / 2^33, keep their order.
 *
 * @throws OptionError unless n is an integer >= 0
 */
export function randperm(n: number, options: DrawOptions = {}): Tensor {
  if (!Number.isInteger(n) || n < 0) throw new OptionError(`randperm: n must be an integer >= 0, got ${n}`);
  return argsort(randint(-TWO_31, TWO_31, [n], options));
}

export interface MultinomialOptions {
  /** Whether a class may come twice. Default false. */
  readonly replacement?: boolean;
  readonly generator?: DrawOptions["generator"];
}

/**
 * `count` classes drawn from each row of weights, i32 (torch.multinomial). Weights are finite and >= 0 and need not add up to 1.
 * Without replacement the classes of weight 0 come last, should there be no others left.
 *
 * @param weights [n] -> [count], or [rows, n] -> [rows, count]; f32
 * @throws OptionError unless count is a positive integer, and at most n without replacement
 */
export function multinomial(weights: Tensor, count: number, options: MultinomialOptions = {}): Tensor {
  const { replacement = false, generator } = options;
  if (!isFloat(weights.dtype))
    throw new DTypeError(`multinomial: needs f32 or f16, weights ${describe(weights)}`);
  const n = weights.shape.at(-1) ?? 0;
  if (weights.rank < 1 || weights.rank > 2 || n === 0)
    throw new ShapeError(
      `multinomial: weights must be [n] or [rows, n], weights ${formatShape(weights.shape)}`,
    );
  if (!Number.isInteger(count) || count < 1 || (!replacement && count > n))
    throw new OptionError(
      `multinomial: count must be a positive integer${replacement ? "" : ` up to ${n}`}, got ${count}`,
    );
  const { device } = weights;
  if (!replacement) {
    // Efraimidis & Spirakis 2006: the least of exponential times over weights.
    const times = maximum(neg(log1p(mul(rand(weights.shape, { generator, device }), -1))), 1e-30);
    return topk(div(weights, times), count).indices;
  }
  const shape = [...weights.shape.slice(0, -1), count];
  const [y] = op("multinomial", [weights], () => {
    const y = empty(shape, "i32", device);
    const sums = cumsum(weights, -1);
    const u = rand(shape, { generator, device });
    const grid = grid1d(Math.ceil(numel(shape) / WG));
    runMultinomial({ sums, u, y }, { size: y.size, n, count }, { grid, label: "multinomial" });
    sums.release("multinomial");
    u.release("multinomial");
    return { outputs: [y] };
  });
  return y;
}
