// The stream of random numbers that GPU ops draw from. A captured step draws from where the stream stands at each replay,
// so eager and captured runs draw the same numbers.

import { HostScalar, type ParamValue } from "../gpu/dispatch.ts";
import { hostEffect } from "../gpu/trace.ts";
import { Generator } from "./philox.ts";

/** The generator of ops that are given none. */
export const defaultGenerator = new Generator(0);

/** Restarts the default stream (torch.manual_seed). */
export function manualSeed(seed: number | bigint): void {
  defaultGenerator.setState(new Generator(seed).state());
}

/** Params of a shader that draws: the key, and the first block of the draw. */
export interface DrawParams {
  readonly key_lo: ParamValue;
  readonly key_hi: ParamValue;
  readonly block_lo: ParamValue;
  readonly block_hi: ParamValue;
}

/** Takes the blocks for `count` numbers out of the stream, now and at every replay. */
export function drawParams(count: number, generator: Generator = defaultGenerator): DrawParams {
  let first = 0;
  hostEffect(() => {
    const before = generator.state();
    first = generator.reserve(count);
    return () => generator.setState(before);
  });
  return {
    key_lo: new HostScalar(() => generator.key[0]),
    key_hi: new HostScalar(() => generator.key[1]),
    block_lo: new HostScalar(() => first >>> 0),
    block_hi: new HostScalar(() => Math.floor(first / 2 ** 32)),
  };
}
