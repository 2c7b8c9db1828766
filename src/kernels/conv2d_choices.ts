// The variants of conv2d that a tuning table may name, and the classes of its shapes, pass by pass. The variants themselves, and
// which shapes each takes: conv2d_variants.ts; how candidates are measured: conv2d_trial.ts.

import type { ConvGeometry } from "./conv2d_geometry.ts";
import type { Pass } from "./conv2d_tiles.ts";
import { rounded } from "./tuning_family.ts";

/** `implicit`: a product of matrices, patches gathered on the way; `pointwise`: 1x1 as a matmul; `winograd`: F(2x2, 3x3). */
export const CONV_NAMES = [
  "depthwise",
  "implicit",
  "quad",
  "direct",
  "pointwise",
  "winograd",
  "naive",
] as const;
export type ConvVariant = (typeof CONV_NAMES)[number];

/** What the tuning of a pass can say without its kernels. */
export const CONV_PASSES = {
  forward: choicesOf("forward"),
  dataGradient: choicesOf("dataGradient"),
  weightGradient: choicesOf("weightGradient"),
} satisfies Record<Pass, unknown>;

function choicesOf(pass: Pass) {
  return {
    name: `conv2d.${pass}`,
    variants: CONV_NAMES.join(", "),
    knows: (variant: string): variant is ConvVariant => (CONV_NAMES as readonly string[]).includes(variant),
    classOf: convClass,
  };
}

function convClass(g: ConvGeometry): string {
  const { n, c, h, w, o, kh, kw, strideY, strideX, dilationY, dilationX, groups } = g;
  const sizes = `n${rounded(n)} c${rounded(c)} o${rounded(o)} ${rounded(h)}x${rounded(w)} k${kh}x${kw}`;
  const stride = strideY === 1 && strideX === 1 ? "" : ` s${strideY}x${strideX}`;
  const dilation = dilationY === 1 && dilationX === 1 ? "" : ` d${dilationY}x${dilationX}`;
  const grouped = groups === 1 ? "" : groups === c ? " depthwise" : ` g${rounded(groups)}`;
  const odd = (g.oh * g.ow) % 4 === 0 ? "" : " odd"; // no whole vectors
  return sizes + stride + dilation + grouped + odd;
}
