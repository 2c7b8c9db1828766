// What every kind of layer tells of its numbers. Indices have the batch first; values are those of the retained step.

import type { Arithmetic } from "../protocol.ts";
import type { Tensors } from "./tensors.ts";

export type Explain = (t: Tensors, layer: number, index: readonly number[]) => Arithmetic;

export interface Rule {
  /** An element of the output. */
  readonly why: Explain;
  /** The gradient of the loss by an element of the input. */
  readonly back: Explain;
  /** The gradients by its parameters. */
  readonly weight?: Explain;
  readonly bias?: Explain;
}
