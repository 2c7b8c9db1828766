// Gradient checkpointing (Chen et al. 2016): keep the inputs of a part of a network, run it again in backward, so that its
// inner tensors live only for a moment. Files of weights: train/checkpoint.ts.

import { UsageError } from "../gpu/errors.ts";
import { hostEffect } from "../gpu/trace.ts";
import { autocastAsNow } from "../tensor/autocast.ts";
import { grad } from "../tensor/autograd.ts";
import { isFloat } from "../tensor/dtype.ts";
import { enableGrad, gradEnabled } from "../tensor/mode.ts";
import { op } from "../tensor/op.ts";
import { identity } from "../tensor/primitives.ts";
import { defaultGenerator } from "../tensor/random.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

type Part<A extends readonly Tensor[], R> = (...inputs: A) => R;

/**
 * fn(...inputs), whose inner tensors are freed after the forward and computed again in backward
 * (torch.utils.checkpoint.checkpoint). Draws of random numbers (dropout) are the same both times. Parameters that fn closes
 * over get their gradients; works under createGraph and inside compile. What fn changes in place (running statistics of a
 * batch norm) it changes twice, as in PyTorch.
 *
 * @throws UsageError if fn uses a recorded tensor that was computed outside it and is not among `inputs`
 */
export function checkpoint<A extends readonly Tensor[], R extends Tensor | readonly Tensor[]>(
  fn: Part<A, R>,
  ...inputs: A
): R {
  if (!gradEnabled()) return fn(...inputs);
  const stream = new StreamMark();
  const asNow = autocastAsNow();
  const { outputs, single, parameters } = firstRun(fn, inputs);
  const results = op("checkpoint", [...inputs, ...parameters], () => ({
    outputs,
    pullback: (dys) => {
      const again = ((...given) => asNow(() => fn(...given))) as typeof fn;
      return stream.again(() => pullback(again, inputs, parameters, dys));
    },
  }));
  return (single ? results[0] : results) as R;
}

/** The outputs without a tape, and the leaves outside that they depend on. */
function firstRun<A extends readonly Tensor[], R extends Tensor | readonly Tensor[]>(
  fn: Part<A, R>,
  inputs: A,
): { outputs: Tensor[]; single: boolean; parameters: Tensor[] } {
  let parameters: Tensor[] = [];
  let single = false;
  const outputs = scope(() => {
    const proxies = proxiesOf(inputs);
    const [first] = proxies;
    const value = enableGrad(() => fn(...(proxies as unknown as A)));
    single = !Array.isArray(value);
    const ys = single ? [value as Tensor] : [...(value as readonly Tensor[])];
    parameters = outerLeaves(ys, new Set(proxies), first?.serial ?? 0);
    return ys.map((y) => y.alias());
  }, "checkpoint");
  return { outputs, single, parameters };
}

function pullback<A extends readonly Tensor[], R extends Tensor | readonly Tensor[]>(
  fn: Part<A, R>,
  inputs: A,
  parameters: readonly Tensor[],
  dys: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const createGraph = gradEnabled(); // backward records its walk
  const run = () => {
    const proxies = proxiesOf(inputs, createGraph);
    const value = enableGrad(() => fn(...(proxies as unknown as A)));
    const ys = Array.isArray(value) ? (value as readonly Tensor[]) : [value as Tensor];
    const used = ys.flatMap((y, i) => (dys[i] && y.requiresGrad ? [i] : []));
    const wanted = [...proxies, ...parameters].filter((t) => t.requiresGrad);
    const found = grad(
      used.map((i) => ys[i]),
      wanted,
      { gradOutputs: used.map((i) => dys[i]!), createGraph, allowUnused: true },
    );
    return [...proxies, ...parameters].map((t) => (t.requiresGrad ? found[wanted.indexOf(t)] : null));
  };
  // Recorded, the inner tensors are needed again; else they go now and not at the end of the whole backward.
  return createGraph ? run() : scope(run, "checkpoint");
}

function proxiesOf(inputs: readonly Tensor[], record = false): Tensor[] {
  return inputs.map((x) => {
    if (record && x.requiresGrad) return identity(x);
    const proxy = x.alias();
    if (isFloat(x.dtype)) proxy.requiresGrad = x.requiresGrad;
    return proxy;
  });
}

/** Leaves older than `birth` on the tape of `ys`. */
function outerLeaves(ys: readonly Tensor[], proxies: ReadonlySet<Tensor>, birth: number): Tensor[] {
  const seen = new Set<Tensor>();
  const leaves: Tensor[] = [];
  const stack = [...ys];
  while (stack.length > 0) {
    const t = stack.pop()!;
    if (seen.has(t) || proxies.has(t) || !t.requiresGrad) continue;
    seen.add(t);
    if (t.isLeaf) leaves.push(t);
    else if (t.serial < birth)
      throw new UsageError(`checkpoint: ${t} was computed outside the function: pass it as an input`);
    else for (const input of t.node!.inputs) if (input) stack.push(input);
  }
  return leaves.reverse();
}

/** Where the default stream of random numbers stood before the first run, at a replay too. */
class StreamMark {
  private before = defaultGenerator.state();

  constructor() {
    hostEffect(() => {
      this.before = defaultGenerator.state();
      return () => {};
    });
  }

  /** Runs `fn` with the stream set back, and puts it where it stood. */
  again<R>(fn: () => R): R {
    let after = defaultGenerator.state();
    hostEffect(() => {
      after = defaultGenerator.state();
      defaultGenerator.setState(this.before);
      return () => defaultGenerator.setState(after);
    });
    try {
      return fn();
    } finally {
      hostEffect(() => {
        const inner = defaultGenerator.state();
        defaultGenerator.setState(after);
        return () => defaultGenerator.setState(inner);
      });
    }
  }
}
