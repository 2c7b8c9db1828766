// The variants of the convolution, and the choice among them. The same shape always gets the same kernel.

import { directConv } from "./conv2d_direct.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import type { ConvKernels } from "./conv2d_kernels.ts";
import { naiveConv } from "./conv2d_naive.ts";
import { type Pass, tileFor } from "./conv2d_tiles.ts";

export const CONV_VARIANTS = { naive: naiveConv, direct: directConv } satisfies Record<string, ConvKernels>;

/** The kernels to use for one pass over one shape. */
export function variantFor(pass: Pass, g: ConvGeometry): ConvKernels {
  return CONV_VARIANTS[tileFor(pass, g) ? "direct" : "naive"];
}
