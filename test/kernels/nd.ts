// n-dimensional arrays by nested indices, the obvious way: what shape and index ops are judged by, and a check of a
// linear op with its gradients of every order. Values are small integers, so that every comparison is exact.
import { expect } from "vitest";
import { mul } from "../../src/kernels/binary.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { numel, type Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

export interface Nd {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** The array of `shape` with the value of `fn` at each index. */
export function build(shape: Shape, fn: (index: number[]) => number): Nd {
  const data = Array.from({ length: numel(shape) }, (_, flat) => fn(unravel(flat, shape)));
  return { shape, data };
}

export function unravel(flat: number, shape: Shape): number[] {
  const index = new Array<number>(shape.length);
  let rest = flat;
  for (let i = shape.length - 1; i >= 0; i--) {
    index[i] = rest % shape[i]!;
    rest = Math.floor(rest / shape[i]!);
  }
  return index;
}

export function ravel(index: readonly number[], shape: Shape): number {
  return index.reduce((flat, v, i) => flat * shape[i]! + v, 0);
}

export function at(a: Nd, index: readonly number[]): number {
  return a.data[ravel(index, a.shape)]!;
}

/** Integers of [-8, 8], the same in every run. */
export function integers(shape: Shape, seed = 1): Nd {
  let s = Math.imul(seed, 2654435761) >>> 0;
  return build(shape, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return Math.floor((s / 2 ** 32) * 17) - 8;
  });
}

export function put(a: Nd, requiresGrad = false, dtype: DType = "f32"): Tensor {
  return tensor(Float32Array.from(a.data), { shape: a.shape, dtype, requiresGrad });
}

export async function expectNd(got: Tensor, want: Nd, what = ""): Promise<void> {
  expect(got.shape, what).toEqual([...want.shape]);
  // + 0: the sign of a zero is not at stake.
  expect(
    Array.from(await got.data(), (v) => v + 0),
    what,
  ).toEqual(want.data.map((v) => v + 0));
}

const times = (a: Nd, b: Nd, scale = 1): Nd => ({
  shape: a.shape,
  data: a.data.map((v, i) => scale * v * b.data[i]!),
});

/** The transpose of a linear map, from its columns. */
function transposed(ref: (x: Nd) => Nd, shape: Shape, dy: Nd): Nd {
  return build(shape, (index) => {
    const unit = build(shape, (i) => Number(ravel(i, shape) === ravel(index, shape)));
    return ref(unit).data.reduce((sum, v, i) => sum + v * dy.data[i]!, 0);
  });
}

/**
 * Holds y = op(x), linear in x, to `ref`: forward, its gradient, the gradient of that for dy (which is op again, and its
 * gradient, the transpose again), and in mid-graph the second gradient of (op(x))^2.
 */
export async function checkLinear(
  op: (x: Tensor) => Tensor,
  ref: (x: Nd) => Nd,
  shape: Shape,
): Promise<void> {
  const data = integers(shape);
  const want = ref(data);
  const x = put(data, true);
  const y = op(x);
  await expectNd(y, want, "forward");
  const dyData = integers(want.shape, 2);
  const dy = put(dyData, true);
  const [dx] = grad(y, [x], { gradOutputs: [dy], createGraph: true });
  await expectNd(dx!, transposed(ref, shape, dyData), "gradient");
  const vData = integers(shape, 3);
  const v = put(vData, true);
  const [ddy] = grad(dx!, [dy], { gradOutputs: [v], createGraph: true });
  await expectNd(ddy!, ref(vData), "gradient of the gradient");
  const [dv] = grad(ddy!, [v], { gradOutputs: [put(dyData)] });
  await expectNd(dv!, transposed(ref, shape, dyData), "third gradient");

  const z = op(x);
  const [g] = grad(mul(z, z), [x], { gradOutputs: [put(dyData)], createGraph: true });
  await expectNd(g!, transposed(ref, shape, times(want, dyData, 2)), "gradient of the square");
  const [gg] = grad(g!, [x], { gradOutputs: [put(vData)] });
  await expectNd(gg!, transposed(ref, shape, times(ref(vData), dyData, 2)), "second gradient of the square");
}

/** The same map on whole numbers and truth values, without gradients. */
export async function checkDTypes(
  op: (x: Tensor) => Tensor,
  ref: (x: Nd) => Nd,
  shape: Shape,
): Promise<void> {
  const data = integers(shape, 4);
  const y = op(put(data, false, "i32"));
  expect(y.dtype).toBe("i32");
  expect(y.requiresGrad).toBe(false);
  await expectNd(y, ref(data), "i32");
  const truth = { shape, data: data.data.map((v) => Number(v > 0)) };
  const z = op(put(truth, false, "bool"));
  expect(z.dtype).toBe("bool");
  await expectNd(z, ref(truth), "bool");
}
