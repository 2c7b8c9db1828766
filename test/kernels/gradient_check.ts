// Gradients of both orders of an op, against differences of its float64 reference.
import { expect } from "vitest";
import { grad } from "../../src/tensor/autograd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectClose } from "./golden_case.ts";
import { type Nd, put } from "./nd.ts";
import { normal } from "./reduce_reference.ts";

export interface Bounds {
  readonly out?: number;
  readonly grad?: number;
  readonly gg?: number;
  /** Step of the differences; smaller than the distance to the nearest kink. */
  readonly step?: number;
}

/**
 * y = op(x): forward, dx for a random dy, and for a random v the gradients of sum(dx * v) with respect to x and dy.
 * Reference: fourth-order central differences, nested for the second order.
 */
export async function checkGradients(
  op: (x: Tensor) => Tensor,
  ref: (x: Nd) => Nd,
  data: Nd,
  { out = 2e-6, grad: first = 1e-5, gg = 5e-5, step = 1e-3 }: Bounds = {},
): Promise<void> {
  const rounded = { shape: data.shape, data: data.data.map(Math.fround) };
  const want = ref(rounded);
  const x = put(rounded, true);
  const y = op(x);
  expect(y.shape).toEqual([...want.shape]);
  expectClose(await y.data(), want.data, out, "forward");

  const dyData = normal(want.shape, 11);
  const vData = normal(data.shape, 12);
  const loss = (x: Nd) => dot(ref(x).data, dyData.data);
  const [plain] = grad(y, [x], { gradOutputs: [put(dyData)], retainGraph: true });
  const slopes = gradient(loss, rounded, step);
  expectClose(await plain!.data(), slopes, first, "gradient");

  const dy = put(dyData, true);
  const [dx] = grad(y, [x], { gradOutputs: [dy], createGraph: true });
  expectClose(await dx!.data(), slopes, first, "gradient, recorded");
  const [ddx, ddy] = grad(dx!, [x, dy], { gradOutputs: [put(vData)], allowUnused: true });
  // sum(dx * v) is the slope of the loss along v; with respect to dy it is the slope of y.
  const along = (f: (x: Nd) => readonly number[], x: Nd) => slope((t) => f(moved(x, vData, t)), step);
  const alongV = (x: Nd) => along((x) => [loss(x)], x)[0]!;
  const zero = new Float32Array(x.size);
  expectClose(ddx ? await ddx.data() : zero, gradient(alongV, rounded, step), gg, "second gradient of x");
  expectClose(
    await ddy!.data(),
    along((x) => ref(x).data, rounded),
    gg,
    "second gradient of dy",
  );
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((s, v, i) => s + v * b[i]!, 0);

const moved = (x: Nd, v: Nd, t: number): Nd => ({
  shape: x.shape,
  data: x.data.map((a, i) => a + t * v.data[i]!),
});

/** d/dt f at 0, elementwise. */
function slope(f: (t: number) => readonly number[], h: number): number[] {
  const [m2, m1, p1, p2] = [-2, -1, 1, 2].map((k) => f(k * h));
  return m1!.map((_, i) => (m2![i]! - 8 * m1![i]! + 8 * p1![i]! - p2![i]!) / (12 * h));
}

function gradient(f: (x: Nd) => number, x: Nd, h: number): number[] {
  return x.data.map((_, i) => {
    const unit = { shape: x.shape, data: x.data.map((_, k) => Number(k === i)) };
    return slope((t) => [f(moved(x, unit, t))], h)[0]!;
  });
}
