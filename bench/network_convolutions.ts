// Convolutions as networks have them, at batch 1 to 8: stages of ResNet-18 (He et al. 2016), levels of a U-Net (Ronneberger et al.
// 2015), the parts of MobileNetV2 blocks (Sandler et al. 2018).
import type { Bench, Sweep } from "./kernels.ts";
import { type Convolution, convolutionBenches } from "./products.ts";

type Row = readonly [
  network: string,
  n: number,
  c: number,
  side: number,
  o: number,
  kernel: number,
  more?: More,
];
interface More {
  readonly stride?: number;
  readonly groups?: number;
  readonly sweep?: Sweep;
}
const FULL: More = { sweep: "full" };

const ROWS: readonly Row[] = [
  ["ResNet", 4, 64, 16, 64, 3],
  ["ResNet", 4, 64, 16, 128, 3, { stride: 2 }],
  ["ResNet", 1, 3, 224, 64, 7, { stride: 2, sweep: "full" }],
  ["ResNet", 1, 64, 56, 64, 3, FULL],
  ["ResNet", 1, 128, 28, 128, 3, FULL],
  ["ResNet", 1, 128, 28, 256, 1, { stride: 2, sweep: "full" }],
  ["ResNet", 1, 256, 14, 256, 3, FULL],
  ["ResNet", 1, 512, 7, 512, 3, FULL],
  ["U-Net", 1, 16, 64, 32, 3],
  ["U-Net", 1, 64, 128, 64, 3, FULL],
  ["U-Net", 1, 256, 32, 128, 3, FULL],
  ["MobileNet", 8, 32, 28, 32, 3, { groups: 32 }],
  ["MobileNet", 8, 16, 28, 96, 1],
  ["MobileNet", 1, 96, 112, 96, 3, { stride: 2, groups: 96, sweep: "full" }],
  ["MobileNet", 1, 384, 14, 384, 3, { groups: 384, sweep: "full" }],
  ["MobileNet", 1, 384, 14, 64, 1, FULL],
];

function convolution([network, n, c, side, o, kernel, more = {}]: Row): Convolution {
  const { stride = 1, groups = 1, sweep } = more;
  const kind = groups === c ? "depthwise " : "";
  const name = `${network} n${n} c${c} ${side}x${side} -> ${o}, ${kind}${kernel}x${kernel}${stride > 1 ? ` stride ${stride}` : ""}`;
  const padding = kernel >> 1;
  return {
    name,
    x: [n, c, side, side],
    weight: [o, c / groups, kernel, kernel],
    padding,
    stride,
    groups,
    sweep,
  };
}

export const networkConvolutions: readonly Bench[] = ROWS.map(convolution).flatMap(convolutionBenches);
