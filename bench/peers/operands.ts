// The works of the bench and their operands: numbers from counters, the same in every library and in reference.py, which
// computes what the results have to be. Shapes and scales: works.json.
import works from "./works.json" with { type: "json" };

interface Spec {
  readonly shape: readonly number[];
  /** Values lie in offset +- scale. Default 1. */
  readonly scale?: number;
  readonly offset?: number;
  /** Integers below this instead. */
  readonly classes?: number;
}

export interface Operand {
  readonly shape: number[];
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

export type Operands = Readonly<Record<string, Operand>>;

export type WorkName = keyof typeof works;
export const WORK_NAMES = Object.keys(works) as WorkName[];

interface Work {
  readonly inputs: Readonly<Record<string, Spec>>;
  readonly params?: Readonly<Record<string, Spec>>;
  readonly outputs: readonly string[];
}

export function workOf(name: WorkName): Work {
  return works[name] as Work;
}

export function inputsOf(name: WorkName): Operands {
  return operandsOf(name, workOf(name).inputs);
}

/** Initial values of a model, under wgrad's (PyTorch's) keys. */
export function paramsOf(name: WorkName): Operands {
  return operandsOf(name, workOf(name).params ?? {});
}

function operandsOf(work: WorkName, specs: Readonly<Record<string, Spec>>): Operands {
  return Object.fromEntries(
    Object.entries(specs).map(([key, spec]) => [key, operand(`${work}/${key}`, spec)]),
  );
}

function operand(name: string, { shape, scale = 1, offset = 0, classes }: Spec): Operand {
  const size = shape.reduce((a, b) => a * b, 1);
  const h = bits(size, name);
  const data =
    classes === undefined
      ? Float32Array.from(h, (v) => offset + scale * ((v >>> 8) / 2 ** 23 - 1))
      : Int32Array.from(h, (v) => v % classes);
  return { shape: [...shape], data };
}

/** lowbias32 (C. Wellons) of counter + seed, the seed being the FNV-1a hash of the name. */
export function bits(count: number, name: string): Uint32Array {
  const seed = fnv1a(name);
  return Uint32Array.from({ length: count }, (_, i) => {
    let h = (i + seed) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    return h ^ (h >>> 15);
  });
}

function fnv1a(text: string): number {
  let h = 0x811c9dc5;
  for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193);
  return h >>> 0;
}
