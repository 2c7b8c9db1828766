// The variants of the convolution, and the choice among them. The same shape always gets the same kernel.

import type { Device } from "../gpu/device.ts";
import { depthwiseConv } from "./conv_depthwise.ts";
import { isDepthwise } from "./conv_depthwise_plan.ts";
import { directConv } from "./conv2d_direct.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import type { ConvKernels } from "./conv2d_kernels.ts";
import { naiveConv } from "./conv2d_naive.ts";
import { quadConv, transposed } from "./conv2d_quad.ts";
import { takesQuads } from "./conv2d_quad_tiles.ts";
import { type Pass, tileFor } from "./conv2d_tiles.ts";

export const CONV_VARIANTS = {
  naive: naiveConv,
  direct: directConv,
  quad: quadConv,
  depthwise: depthwiseConv,
} satisfies Record<string, ConvKernels>;

export type ConvVariant = keyof typeof CONV_VARIANTS;

/** Best first. */
const ORDER: readonly ConvVariant[] = ["depthwise", "quad", "direct", "naive"];

/** Whether a variant computes this pass over this shape on this device. */
export function takes(variant: ConvVariant, pass: Pass, g: ConvGeometry, device: Device): boolean {
  if (variant === "naive") return true;
  if (variant === "direct") return tileFor(pass, g) !== null;
  if (variant === "depthwise") return isDepthwise(pass, g);
  if (!device.features.has("subgroups")) return false;
  if (pass !== "dataGradient") return takesQuads(pass, g);
  return g.strideY === 1 && g.strideX === 1 && takesQuads(pass, transposed(g));
}

/** The kernels to use for one pass over one shape. */
export function variantFor(pass: Pass, g: ConvGeometry, device: Device): ConvKernels {
  return CONV_VARIANTS[ORDER.find((variant) => takes(variant, pass, g, device))!];
}
