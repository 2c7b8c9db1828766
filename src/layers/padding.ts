// Padding layers: a border of zeros, of a constant or of x's own values around the last one, two or three axes. No
// parameters. PyTorch's names; a number in place of the pads means every side.

import { OptionError } from "../gpu/errors.ts";
import { type BorderMode, pad } from "../kernels/pad.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { formatPair } from "./options.ts";

/** Every side, or [left, right, top, bottom, front, back] as far as there are axes; negative crops. */
export type Pads = number | readonly number[];

abstract class Pad extends Module {
  readonly padding: readonly number[];

  constructor(
    padding: Pads,
    axes: number,
    readonly border: number | BorderMode,
  ) {
    super();
    const all = typeof padding === "number" ? new Array<number>(2 * axes).fill(padding) : padding;
    if (!Array.isArray(all) || all.length !== 2 * axes || !all.every(Number.isSafeInteger)) {
      throw new OptionError(
        `${this.constructor.name}: padding must be an integer or ${2 * axes} of them, got ${JSON.stringify(padding)}`,
      );
    }
    this.padding = all;
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, this.border);
  }

  protected override describe(): string {
    const value = typeof this.border === "number" && this.border !== 0 ? `, value=${this.border}` : "";
    return formatPair(this.padding as readonly [number, number]) + value;
  }
}

/** A border of one value, x [..., l] (torch.nn.ConstantPad1d). */
export class ConstantPad1d extends Pad {
  constructor(padding: Pads, value: number) {
    super(padding, 1, value);
  }
}
/** A border of one value, x [..., h, w] (torch.nn.ConstantPad2d). */
export class ConstantPad2d extends Pad {
  constructor(padding: Pads, value: number) {
    super(padding, 2, value);
  }
}
/** A border of one value, x [..., d, h, w] (torch.nn.ConstantPad3d). */
export class ConstantPad3d extends Pad {
  constructor(padding: Pads, value: number) {
    super(padding, 3, value);
  }
}

/** A border of zeros, x [..., h, w] (torch.nn.ZeroPad2d). */
export class ZeroPad2d extends Pad {
  constructor(padding: Pads) {
    super(padding, 2, 0);
  }
}

/** A border that mirrors x without its edge, x [..., l] (torch.nn.ReflectionPad1d). */
export class ReflectionPad1d extends Pad {
  constructor(padding: Pads) {
    super(padding, 1, "reflect");
  }
}
/** A border that mirrors x without its edge, x [..., h, w] (torch.nn.ReflectionPad2d). */
export class ReflectionPad2d extends Pad {
  constructor(padding: Pads) {
    super(padding, 2, "reflect");
  }
}
/** A border that mirrors x without its edge, x [..., d, h, w] (torch.nn.ReflectionPad3d). */
export class ReflectionPad3d extends Pad {
  constructor(padding: Pads) {
    super(padding, 3, "reflect");
  }
}

/** A border that repeats the edge, x [..., l] (torch.nn.ReplicationPad1d). */
export class ReplicationPad1d extends Pad {
  constructor(padding: Pads) {
    super(padding, 1, "replicate");
  }
}
/** A border that repeats the edge, x [..., h, w] (torch.nn.ReplicationPad2d). */
export class ReplicationPad2d extends Pad {
  constructor(padding: Pads) {
    super(padding, 2, "replicate");
  }
}
/** A border that repeats the edge, x [..., d, h, w] (torch.nn.ReplicationPad3d). */
export class ReplicationPad3d extends Pad {
  constructor(padding: Pads) {
    super(padding, 3, "replicate");
  }
}

/** A border from the other side of x, x [..., h, w] (torch.nn.CircularPad2d). */
export class CircularPad2d extends Pad {
  constructor(padding: Pads) {
    super(padding, 2, "circular");
  }
}
