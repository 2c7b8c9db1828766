// Compares a result with what PyTorch computed in float64 (reference.py). Large outputs are compared by signed sums over 16
// blocks, in which one wrong element shows, and by samples.
import { bits, type WorkName, workOf } from "./operands.ts";
import references from "./references.json" with { type: "json" };

interface Digest {
  readonly size: number;
  /** All of a small output. */
  readonly values?: readonly number[];
  /** Of a large one: largest magnitude, sums over blocks, [index, value]. */
  readonly max?: number;
  readonly blocks?: readonly number[];
  readonly samples?: readonly (readonly number[])[];
}

const BLOCKS = 16;

/** Largest error of an element, as a part of the largest element: f32 sums in whatever order. */
const TOLERANCE = 5e-5;
/** Losses of later steps, relative: Adam divides by gradients that may be near zero. */
const LOSS_TOLERANCE = 1e-3;

/** The number of steps whose losses are known; 0 for what does not train. */
export function stepsOf(work: WorkName): number {
  return (references as Record<string, Record<string, Digest>>)[work]!.losses?.size ?? 0;
}

/** What is wrong with the outputs of a work, in words; null if nothing is. */
export function faultOf(work: WorkName, outputs: readonly ArrayLike<number>[]): string | null {
  const names = workOf(work).outputs;
  if (outputs.length !== names.length) return `${outputs.length} outputs instead of ${names.length}`;
  for (const [i, name] of names.entries()) {
    const digest = (references as Record<string, Record<string, Digest>>)[work]![name]!;
    const fault = faultIn(`${work}/${name}`, outputs[i]!, digest);
    if (fault) return `${name}: ${fault}`;
  }
  return null;
}

function faultIn(name: string, y: ArrayLike<number>, digest: Digest): string | null {
  if (y.length !== digest.size) return `${y.length} values instead of ${digest.size}`;
  if (digest.values) {
    const isLoss = name.endsWith("/losses");
    const scale = Math.max(...digest.values.map(Math.abs));
    return firstFault(
      digest.values.map((expected, i) => [i, y[i]!, expected]),
      (expected) => (isLoss ? LOSS_TOLERANCE * Math.abs(expected) : TOLERANCE * scale),
    );
  }
  const tolerance = TOLERANCE * digest.max!;
  const samples = digest.samples!.map(([i, expected]): Pair => [i!, y[i!]!, expected!]);
  const block = Math.ceil(y.length / BLOCKS);
  const sums = signedSums(name, y, block);
  return (
    firstFault(samples, () => tolerance) ??
    firstFault(
      digest.blocks!.map((expected, i) => [i * block, sums[i]!, expected]),
      () => tolerance * Math.sqrt(block), // errors of random sign
    )
  );
}

type Pair = readonly [index: number, got: number, expected: number];

function firstFault(pairs: readonly Pair[], tolerance: (expected: number) => number): string | null {
  const wrong = pairs.find(([, got, expected]) => !(Math.abs(got - expected) <= tolerance(expected)));
  return wrong ? `wrong at or after ${wrong[0]}, got ${wrong[1]}, expected ${wrong[2]}` : null;
}

function signedSums(name: string, y: ArrayLike<number>, block: number): number[] {
  const signs = bits(y.length, `${name}/sign`);
  const sums = new Array<number>(Math.ceil(y.length / block)).fill(0);
  for (let i = 0; i < y.length; i++) sums[Math.floor(i / block)]! += signs[i]! & 1 ? -y[i]! : y[i]!;
  return sums;
}
