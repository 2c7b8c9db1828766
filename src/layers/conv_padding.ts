// The paddingMode of convolution layers: x gets a border of its own values first, then the convolution pads nothing.

import { OptionError } from "../gpu/errors.ts";
import type { Sizes } from "../kernels/conv_nd_geometry.ts";
import { type BorderMode, pad } from "../kernels/pad.ts";
import type { Tensor } from "../tensor/tensor.ts";

export type PaddingMode = "zeros" | BorderMode;

const MODES: readonly PaddingMode[] = ["zeros", "reflect", "replicate", "circular"];

export interface Padding {
  readonly padding?: Sizes | "same" | "valid";
  readonly dilation?: Sizes;
}

export function checkPaddingMode(layer: string, mode: PaddingMode): PaddingMode {
  if (MODES.includes(mode)) return mode;
  throw new OptionError(`${layer}: paddingMode must be one of ${MODES.join(", ")}, got ${mode}`);
}

/** x [..., spatial] with the border that a convolution of zeros would have had; "same" puts the odd element at the end. */
export function withBorder(
  x: Tensor,
  kernelSize: readonly number[],
  { padding = 0, dilation = 1 }: Padding,
  mode: BorderMode,
): Tensor {
  if (padding === "valid") return x;
  const at = (v: Sizes, i: number) => (typeof v === "number" ? v : v[i]);
  const pads = kernelSize.map((k, i): [number, number] => {
    const total = padding === "same" ? at(dilation, i) * (k - 1) : 2 * at(padding, i);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  return pad(x, pads.reverse().flat(), mode);
}
