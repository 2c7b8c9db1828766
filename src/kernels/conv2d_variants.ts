// The variants of the convolution, and the choice among them: the device's tuning table, or else the first in ORDER that takes
// the shape. Without autotune the same shape always gets the same kernel.

import type { Device } from "../gpu/device.ts";
import { depthwiseConv } from "./conv_depthwise.ts";
import { isDepthwise } from "./conv_depthwise_plan.ts";
import { CONV_NAMES, CONV_PASSES, type ConvVariant } from "./conv2d_choices.ts";
import { directConv } from "./conv2d_direct.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import { fillsTiles, implicitConv, takesImplicit } from "./conv2d_implicit.ts";
import { type ConvKernels, transposed } from "./conv2d_kernels.ts";
import { naiveConv } from "./conv2d_naive.ts";
import { isPointwise, pointwiseConv } from "./conv2d_pointwise.ts";
import { quadConv } from "./conv2d_quad.ts";
import { takesQuads } from "./conv2d_quad_tiles.ts";
import { type Pass, tileFor } from "./conv2d_tiles.ts";
import { takesWinograd, winogradConv } from "./conv2d_winograd.ts";
import { chosen, type TuningFamily } from "./tuning_family.ts";

export type { ConvVariant } from "./conv2d_choices.ts";

export const CONV_VARIANTS = {
  naive: naiveConv,
  direct: directConv,
  quad: quadConv,
  depthwise: depthwiseConv,
  pointwise: pointwiseConv,
  winograd: winogradConv,
  implicit: implicitConv,
} satisfies Record<ConvVariant, ConvKernels>;

/**
 * Best first. What is not here runs only where a tuning table says so. Implicit GEMM is what GPUs are built for, wherever its
 * tiles are filled (reckoned, not measured); it makes neither pooled maxima nor moments on the way. On SwiftShader, where
 * workgroup memory and barriers are dear, it is four to twelve times slower than quads: no candidate there.
 */
const ORDER = {
  software: ["depthwise", "quad", "direct", "naive"],
  hardware: ["depthwise", "implicit", "quad", "direct", "naive"],
} satisfies Record<string, readonly ConvVariant[]>;

/** Whether a variant computes this pass over this shape on this device. */
export function takes(variant: ConvVariant, pass: Pass, g: ConvGeometry, device: Device): boolean {
  if (variant === "naive") return true;
  if (variant === "direct") return tileFor(pass, g) !== null;
  if (variant === "depthwise") return isDepthwise(pass, g);
  if (variant === "pointwise") return isPointwise(g);
  if (variant === "winograd") return takesWinograd(pass, g);
  if (variant === "implicit") return takesImplicit(pass, g);
  if (!device.features.has("subgroups")) return false;
  if (pass !== "dataGradient") return takesQuads(pass, g);
  return g.strideY === 1 && g.strideX === 1 && takesQuads(pass, transposed(g));
}

/** The kernels to use for one pass over one shape. */
export function variantFor(pass: Pass, g: ConvGeometry, device: Device): ConvKernels {
  const tuned = device.tuning.idle ? null : (chosen(device, convFamily(pass), g) as ConvVariant | null);
  if (tuned !== null && takes(tuned, pass, g, device)) return CONV_VARIANTS[tuned];
  return CONV_VARIANTS[defaultVariant(pass, g, device)];
}

export function defaultVariant(pass: Pass, g: ConvGeometry, device: Device): ConvVariant {
  const order: readonly ConvVariant[] = ORDER[device.adapter.software ? "software" : "hardware"];
  return order.find(
    (variant) => takes(variant, pass, g, device) && (variant !== "implicit" || fillsTiles(pass, g)),
  )!;
}

/** Multiply-adds above which one thread an output is hopeless. */
const MOST_NAIVE = 2 ** 22;

/** A pass as the tuning knows it. */
export function convFamily(pass: Pass): TuningFamily<ConvGeometry> {
  return FAMILIES[pass];
}

const FAMILIES = {
  forward: familyOf("forward"),
  dataGradient: familyOf("dataGradient"),
  weightGradient: familyOf("weightGradient"),
} satisfies Record<Pass, TuningFamily<ConvGeometry>>;

function familyOf(pass: Pass): TuningFamily<ConvGeometry> {
  const candidates = (g: ConvGeometry, device: Device) =>
    CONV_NAMES.filter((variant) => takes(variant, pass, g, device) && !isHopeless(variant, g, device));
  return { ...CONV_PASSES[pass], candidates };
}

function isHopeless(variant: ConvVariant, g: ConvGeometry, { adapter }: Device): boolean {
  if (variant === "implicit") return adapter.software;
  return variant === "naive" && g.n * g.o * g.oh * g.ow * g.cg * g.kh * g.kw > MOST_NAIVE;
}
