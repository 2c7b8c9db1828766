// Reverse-mode differentiation: walk the tape from the outputs back, newest node first, calling pullbacks and adding up
// what arrives at each tensor. With createGraph the walk itself is recorded, so gradients can be differentiated again.

import { ShapeError, UsageError } from "../gpu/errors.ts";
import { withPath } from "../gpu/label.ts";
import { floatOf, isFloat } from "./dtype.ts";
import { enableGrad, noGrad } from "./mode.ts";
import { add, addInto, castFloat, copyInto, fill, identity } from "./primitives.ts";
import { keep, scope } from "./scope.ts";
import { formatShape, sameShape } from "./shape.ts";
import { type Gradient, type Node, whileRunning } from "./tape.ts";
import { empty, emptyPersistent, isRecorded, type Tensor } from "./tensor.ts";

export interface BackwardOptions {
  /** Record the backward pass, so that its results can be differentiated. Default false. */
  readonly createGraph?: boolean;
  /** Keep the tape for another backward. Default: the value of `createGraph`. */
  readonly retainGraph?: boolean;
}

export interface GradOptions extends BackwardOptions {
  /** Cotangents of the outputs; ones for scalars if left out. */
  readonly gradOutputs?: readonly Tensor[];
  /** Give null for an input that the outputs do not depend on, instead of throwing. Default false. */
  readonly allowUnused?: boolean;
}

/**
 * Adds d(root)/d(leaf) to the `grad` of every leaf that requires one (torch.Tensor.backward), and releases the tape.
 *
 * @param dy cotangent of `root`, of its shape; 1 if left out, which needs a root with one element
 */
export function backward(root: Tensor, dy?: Tensor, options: BackwardOptions = {}): void {
  walk([root], [dy], options, null, (leaf, gradient) =>
    accumulate(leaf, gradient, options.createGraph ?? false),
  );
}

/** Gradients of `outputs` with respect to `inputs` (torch.autograd.grad); touches no `grad`. */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions = {},
): Tensor[] {
  const roots = Array.isArray(outputs) ? (outputs as readonly Tensor[]) : [outputs as Tensor];
  const found = new Map<Tensor, Tensor>();
  const dys = options.gradOutputs ?? roots.map(() => undefined);
  walk(roots, dys, options, new Set(inputs), (t, gradient) => found.set(t, gradient));
  return inputs.map((t, i) => {
    const g = found.get(t);
    if (!g && !options.allowUnused)
      throw new UsageError(`grad: the outputs do not depend on input ${i}; pass allowUnused`);
    return (g ?? null) as Tensor;
  });
}

type Deliver = (target: Tensor, gradient: Tensor) => void;

/** The walk. `targets` null: deliver to leaves and to tensors that retain their gradient. */
function walk(
  roots: readonly Tensor[],
  dys: readonly (Tensor | undefined)[],
  options: BackwardOptions,
  targets: ReadonlySet<Tensor> | null,
  deliver: Deliver,
): void {
  const createGraph = options.createGraph ?? false;
  const keepTape = options.retainGraph ?? createGraph;
  const mode = createGraph ? enableGrad : noGrad;
  const delivered: Tensor[] = [];
  const run = () => {
    const tape = new Tape(createGraph);
    for (const [i, root] of roots.entries()) tape.add(root, startOf(root, dys[i]));
    const nodes = reachable(roots, targets);
    for (const node of nodes) {
      const gradients = tape.take(node);
      node.outputs.forEach((t, i) => {
        const g = gradients[i];
        if (g && (targets ? targets.has(t) : t.retainsGrad)) {
          delivered.push(g);
          tape.hold(g);
          deliver(t, g);
        }
      });
      if (gradients.every((g) => g === null)) continue;
      const back = pull(node, gradients, createGraph);
      node.inputs.forEach((t, i) => {
        const g = back[i];
        if (t?.requiresGrad && g) tape.add(t, checked(node, t, g));
      });
      tape.drop(gradients);
    }
    for (const [leaf, g] of tape.leaves) {
      if (targets && !targets.has(leaf)) continue;
      delivered.push(g);
      deliver(leaf, g);
    }
    if (!keepTape) nodes.forEach(releaseNode);
    return targets || createGraph ? delivered : null;
  };
  // What a recorded walk makes is on the tape of the next one: it belongs to the caller's scope.
  mode(() => (createGraph ? run() : scope(run, "backward")));
}

/** The cotangents on their way, and when each can be freed. */
class Tape {
  readonly leaves = new Map<Tensor, Tensor>();
  private readonly waiting = new Map<Node, (Tensor | null)[]>();
  private readonly holders = new Map<Tensor, number>();
  /** Tensors older than this belong to somebody else. */
  private readonly birth: number;

  constructor(private readonly createGraph: boolean) {
    this.birth = nextBirth();
  }

  add(t: Tensor, g: Tensor): void {
    if (!t.requiresGrad) throw new UsageError(`backward: ${t} does not require a gradient`);
    this.hold(g);
    if (!t.node) {
      void t.storage; // throws where a scope released the middle of the tape
      this.leaves.set(t, this.sum(this.leaves.get(t) ?? null, g));
      return;
    }
    let slots = this.waiting.get(t.node);
    if (!slots) this.waiting.set(t.node, (slots = t.node.outputs.map(() => null)));
    slots[t.nodeOutput] = this.sum(slots[t.nodeOutput], g);
  }

  take(node: Node): (Tensor | null)[] {
    const slots = this.waiting.get(node) ?? node.outputs.map(() => null);
    this.waiting.delete(node);
    return slots;
  }

  hold(g: Tensor): void {
    this.holders.set(g, (this.holders.get(g) ?? 0) + 1);
  }

  /** One holder fewer for each; frees those this walk made and nobody else needs. */
  drop(gradients: readonly (Tensor | null)[]): void {
    for (const g of gradients) {
      if (!g) continue;
      const left = (this.holders.get(g) ?? 1) - 1;
      this.holders.set(g, left);
      if (left === 0 && !this.createGraph && g.serial > this.birth) g.release("backward");
    }
  }

  private sum(a: Tensor | null, b: Tensor): Tensor {
    if (!a) return b;
    const total = add(a, b);
    this.holders.set(total, 1);
    this.drop([a, b]);
    return total;
  }
}

function nextBirth(): number {
  return empty([0]).serial;
}

/** Nodes that the roots depend on and, with targets, that depend on a target: newest first. */
function reachable(roots: readonly Tensor[], targets: ReadonlySet<Tensor> | null): Node[] {
  const found = new Set<Node>();
  const stack = roots.map((t) => t.node);
  while (stack.length > 0) {
    const node = stack.pop();
    if (!node || found.has(node)) continue;
    found.add(node);
    for (const t of node.inputs) {
      if (!t?.requiresGrad) continue;
      if (t.tapeCut && !targets?.has(t)) void t.storage; // throws: what lies behind it would be missed in silence
      stack.push(t.node);
    }
  }
  const nodes = [...found].sort((a, b) => b.id - a.id);
  if (!targets) return nodes;
  const needed = new Set<Node>();
  for (const node of nodes.slice().reverse()) {
    const leads = node.inputs.some((t) => t && (targets.has(t) || (t.node && needed.has(t.node))));
    if (leads) needed.add(node);
  }
  return nodes.filter((n) => needed.has(n) || n.outputs.some((t) => targets.has(t)));
}

function pull(node: Node, dys: (Tensor | null)[], createGraph: boolean): readonly Gradient[] {
  const { pullback, composition } = node;
  if (!pullback)
    throw new UsageError(
      `backward of ${node.name}: its tape was released by an earlier backward; pass retainGraph`,
    );
  const run = () => (createGraph && composition ? pullComposition(node, composition, dys) : pullback(dys));
  return whileRunning(node, () => withPath(node.path, run));
}

/** Differentiates the op's composition, recomputed on proxies of its inputs so that the walk stops there. */
function pullComposition(
  node: Node,
  composition: NonNullable<Node["composition"]>,
  dys: (Tensor | null)[],
): readonly Gradient[] {
  const proxies = node.inputs.map((t) => (t?.requiresGrad ? identity(t) : t));
  const outputs = composition(...proxies);
  const used = outputs.map((_, i) => i).filter((i) => dys[i] && outputs[i].requiresGrad);
  const wanted = proxies.filter((t): t is Tensor => t?.requiresGrad === true);
  const gradients = grad(
    used.map((i) => outputs[i]),
    wanted,
    { gradOutputs: used.map((i) => dys[i]!), createGraph: true, allowUnused: true },
  );
  return proxies.map((t) => (t?.requiresGrad ? gradients[wanted.indexOf(t)] : null));
}

function startOf(root: Tensor, dy: Tensor | undefined): Tensor {
  if (dy) {
    if (!sameShape(dy.shape, root.shape)) {
      throw new ShapeError(
        `backward: the cotangent must have the root's shape, ${formatShape(dy.shape)} and ${formatShape(root.shape)}`,
      );
    }
    return isFloat(root.dtype) && isFloat(dy.dtype) ? castFloat(dy, root.dtype) : dy;
  }
  if (root.size !== 1)
    throw new ShapeError(`backward: a root of shape ${formatShape(root.shape)} needs a cotangent`);
  return fill(empty(root.shape, root.dtype, root.device), 1);
}

/** A gradient in the shape and dtype of its input. */
function checked(node: Node, input: Tensor, g: Tensor): Tensor {
  if (sameShape(g.shape, input.shape)) return castFloat(g, floatOf(input.dtype));
  throw new ShapeError(
    `backward of ${node.name}: its pullback gave ${formatShape(g.shape)} for an input of shape ${formatShape(input.shape)}`,
  );
}

function accumulate(leaf: Tensor, gradient: Tensor, createGraph: boolean): void {
  const before = leaf.grad;
  // A leaf made inside a recording ends with it: no memory of its own, and nothing to compute if nobody reads it.
  if (createGraph || isRecorded(leaf)) {
    leaf.grad = keep(before ? add(before, gradient) : gradient);
    return;
  }
  if (before) {
    addInto(before, gradient);
    return;
  }
  leaf.gradSlot ??= emptyPersistent(leaf.shape, leaf.dtype, leaf.device, "gradient");
  copyInto(leaf.gradSlot, gradient);
  leaf.grad = leaf.gradSlot;
}

function releaseNode(node: Node): void {
  node.pullback = null;
  node.composition = undefined;
  node.inputs = [];
}
