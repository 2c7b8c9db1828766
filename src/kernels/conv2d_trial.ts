// Convolutions to measure the variants of each pass on (conv2d_variants.ts): random operands of the shape.

import type { Device } from "../gpu/device.ts";
import { empty } from "../tensor/tensor.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import type { Pass } from "./conv2d_tiles.ts";
import { variantFor } from "./conv2d_variants.ts";
import { operands, type TrialSetup } from "./trial_operands.ts";

export function convTrial(pass: Pass, g: ConvGeometry, device: Device): TrialSetup {
  const shapes = { x: [g.n, g.c, g.h, g.w], weight: [g.o, g.cg, g.kh, g.kw], y: [g.n, g.o, g.oh, g.ow] };
  const made = (shape: readonly number[]) => empty(shape, "f32", device);
  const kernels = () => variantFor(pass, g, device);
  if (pass === "forward") {
    const [x, weight] = operands(device, shapes.x, shapes.weight);
    const run = () => {
      const y = made(shapes.y);
      kernels().forward({ x, weight, bias: null, y }, g);
      return [y];
    };
    return { run, operands: [x, weight] };
  }
  if (pass === "dataGradient") {
    const [dy, weight] = operands(device, shapes.y, shapes.weight);
    const run = () => {
      const dx = made(shapes.x);
      kernels().dataGradient({ dy, weight, dx }, g);
      return [dx];
    };
    return { run, operands: [dy, weight] };
  }
  const [x, dy] = operands(device, shapes.x, shapes.y);
  const run = () => {
    const dw = made(shapes.weight);
    kernels().weightGradient({ x, dy, dw }, g);
    return [dw];
  };
  return { run, operands: [x, dy] };
}
