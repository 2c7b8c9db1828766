// What an op leaves on the tape, and the check that nothing it saved has changed. The walk back: autograd.ts.

import { UsageError } from "../gpu/errors.ts";
import type { Tensor } from "./tensor.ts";

export type Gradient = Tensor | null | undefined;
export type Pullback = (dys: (Tensor | null)[]) => readonly Gradient[];

/** One recorded op. */
export interface Node {
  readonly id: number;
  readonly name: string;
  /** Module path of the forward, so that backward's dispatches carry it too. */
  readonly path: string;
  inputs: readonly (Tensor | null)[];
  outputs: readonly Tensor[];
  /** Storage versions of inputs and outputs when the op was recorded. */
  readonly versions: readonly number[];
  /** Null once backward has released the tape. */
  pullback: Pullback | null;
  composition: ((...inputs: (Tensor | null)[]) => readonly Tensor[]) | undefined;
}

let running: Node | null = null;

/** The op whose pullback runs, if one does. */
export function runningNode(): Node | null {
  return running;
}

/** Runs a pullback of `node`, watching the tensors it saved. */
export function whileRunning<R>(node: Node, fn: () => R): R {
  const before = running;
  running = node;
  try {
    return fn();
  } finally {
    running = before;
  }
}

/** Throws if a tensor that the running pullback saved has been changed in place since its forward. */
export function checkSaved(t: Tensor, user: string): void {
  if (!running) return;
  const { name, inputs, outputs, versions } = running;
  let at = inputs.indexOf(t);
  if (at < 0 && outputs.includes(t)) at = inputs.length + outputs.indexOf(t);
  if (at < 0 || t.storage.version === versions[at]) return;
  const { writer } = t.storage;
  throw new UsageError(
    `backward of ${name}: ${user} needs ${t}, which ${writer} has changed in place since the forward`,
  );
}
