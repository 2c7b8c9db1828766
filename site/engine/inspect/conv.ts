// Convolution: y[n,o,i,j] = b[o] + sum w[o,c,u,v] x[n,c,s i+u-p, s j+v-p], zero outside of x; and its three gradients.

import type { LayerSpec } from "../layers.ts";
import { at, named } from "./places.ts";
import type { Explain, Rule } from "./rule.ts";
import { Sum } from "./sum.ts";
import type { Tensors } from "./tensors.ts";

type Conv = Extract<LayerSpec, { kind: "conv" }>;
const conv = (t: Tensors, layer: number) => t.step.layers[layer] as Conv;

const why: Explain = (t, layer, index) => {
  const [n, o, i, j] = index;
  const { kernel, stride, padding } = conv(t, layer);
  const [x, w] = [t.input(layer), t.parameter(layer, "weight")!];
  const [, channels, h, width] = x.shape;
  const sum = new Sum();
  const bias = at(t.parameter(layer, "bias")!, o);
  sum.add(1, bias, () => ["1", named("b", o)]);
  for (let c = 0; c < channels; c++)
    for (let u = 0; u < kernel; u++)
      for (let v = 0; v < kernel; v++) {
        const [y, z] = [stride * i + u - padding, stride * j + v - padding];
        const inside = y >= 0 && y < h && z >= 0 && z < width;
        const value = inside ? at(x, n, c, y, z) : 0;
        const xName = () => (inside ? named("x", n, c, y, z) : `0 (padding ${y},${z})`);
        sum.add(at(w, o, c, u, v), value, () => [named("w", o, c, u, v), xName()]);
      }
  const place = `${shifted("i", stride, padding, "u")}, ${shifted("j", stride, padding, "v")}`;
  return sum.arithmetic(
    `y[n,o,i,j] = b[o] + sum over c,u,v of w[o,c,u,v] x[n,c,${place}]`,
    at(t.output(layer), ...index),
  );
};

/** `2i+u-1` */
const shifted = (i: string, stride: number, padding: number, u: string): string =>
  `${stride > 1 ? stride : ""}${i}+${u}${padding > 0 ? `-${padding}` : ""}`;

/** Over all outputs that the element went into. */
const back: Explain = (t, layer, index) => {
  const [n, c, y, z] = index;
  const { channels, kernel, stride, padding } = conv(t, layer);
  const [w, dy] = [t.parameter(layer, "weight")!, t.gradient(layer)!];
  const [, , oh, ow] = dy.shape;
  const sum = new Sum();
  for (let o = 0; o < channels; o++)
    for (let u = 0; u < kernel; u++) {
      const i = (y + padding - u) / stride;
      if (!Number.isInteger(i) || i < 0 || i >= oh) continue;
      for (let v = 0; v < kernel; v++) {
        const j = (z + padding - v) / stride;
        if (!Number.isInteger(j) || j < 0 || j >= ow) continue;
        sum.add(at(w, o, c, u, v), at(dy, n, o, i, j), () => [
          named("w", o, c, u, v),
          named("dy", n, o, i, j),
        ]);
      }
    }
  const formula =
    "dx[n,c,y,x] = sum of w[o,c,u,v] dy[n,o,i,j] over all o and windows i,j that hold the element at u,v";
  return sum.arithmetic(formula, at(t.gradient(layer - 1)!, ...index));
};

const weight: Explain = (t, layer, index) => {
  const [o, c, u, v] = index;
  const { stride, padding } = conv(t, layer);
  const [x, dy] = [t.input(layer), t.gradient(layer)!];
  const [, , h, width] = x.shape;
  const [batch, , oh, ow] = dy.shape;
  const sum = new Sum();
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < oh; i++) {
      const y = stride * i + u - padding;
      if (y < 0 || y >= h) continue;
      for (let j = 0; j < ow; j++) {
        const z = stride * j + v - padding;
        if (z < 0 || z >= width) continue;
        sum.add(at(dy, n, o, i, j), at(x, n, c, y, z), () => [
          named("dy", n, o, i, j),
          named("x", n, c, y, z),
        ]);
      }
    }
  const place = `${shifted("i", stride, padding, "u")}, ${shifted("j", stride, padding, "v")}`;
  const formula = `dw[o,c,u,v] = sum over the batch n and all places i,j of dy[n,o,i,j] x[n,c,${place}]`;
  return sum.arithmetic(formula, gradientOf(t, layer, "weight", index));
};

const bias: Explain = (t, layer, [o]) => {
  const dy = t.gradient(layer)!;
  const [batch, , oh, ow] = dy.shape;
  const sum = new Sum();
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++) sum.add(1, at(dy, n, o, i, j), () => ["1", named("dy", n, o, i, j)]);
  return sum.arithmetic(
    "db[o] = sum over the batch n and all places i,j of dy[n,o,i,j]",
    gradientOf(t, layer, "bias", [o]),
  );
};

/** An element of a parameter's gradient as the optimizer read it. */
export function gradientOf(
  t: Tensors,
  layer: number,
  tensor: "weight" | "bias",
  index: readonly number[],
): number {
  const { shape, gradient } = t.parameter(layer, tensor)!;
  return at({ shape, values: gradient }, ...index);
}

export const convRule: Rule = { why, back, weight, bias };
