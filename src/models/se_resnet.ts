// Residual networks with squeeze and excitation at the end of every branch (Hu, Shen & Sun 2018), under timm's keys
// (`layer1.0.se.fc1`). The blocks: resnet.ts.

import { checkPositive } from "../layers/options.ts";
import { BasicBlock, Bottleneck, ResNet, type ResNetOptions } from "./resnet.ts";

export interface SeResNetOptions extends ResNetOptions {
  /** Channels come down to 1 / reduction of them. Default 16, as in the paper. */
  readonly reduction?: number;
  /** Round that up to a multiple of this. Default 1; 8 reads timm's own files. */
  readonly divisor?: number;
}

function squeeze({ reduction = 16, divisor = 1 }: SeResNetOptions): (channels: number) => number {
  checkPositive("SE-ResNet", { reduction, divisor });
  return (channels) => Math.max(1, Math.ceil(Math.floor(channels / reduction) / divisor)) * divisor;
}

/** 11,778,592 parameters. */
export function seResnet18(options: SeResNetOptions = {}): ResNet {
  return new ResNet(BasicBlock, [2, 2, 2, 2], { ...options, squeezed: squeeze(options) });
}

/** 28,088,024 parameters. */
export function seResnet50(options: SeResNetOptions = {}): ResNet {
  return new ResNet(Bottleneck, [3, 4, 6, 3], { ...options, squeezed: squeeze(options) });
}
