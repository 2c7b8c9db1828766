// State dicts: the tensors of a module by PyTorch's keys, and copying values into them, all or nothing.
// Files: src/io.

import { FormatError } from "../gpu/errors.ts";
import { isFloat, storedArray } from "../tensor/dtype.ts";
import { takeMemory } from "../tensor/parameter.ts";
import { copyInto } from "../tensor/primitives.ts";
import { formatShape, numel, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, Tensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";

/** Host values, as readers of files give them. F64 is rounded, I64 range-checked. */
export interface StateArray {
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
  readonly shape: Shape;
}

export type StateValue = Tensor | StateArray;
export type StateDict = ReadonlyMap<string, StateValue> | Readonly<Record<string, StateValue>>;

export interface LoadOptions {
  /** Throw on missing and unexpected keys. Default true. */
  readonly strict?: boolean;
}

export interface LoadReport {
  readonly missing: string[];
  readonly unexpected: string[];
}

/**
 * Parameters, then buffers, then children, in the order of declaration; a shared tensor under each of its
 * names.
 */
export function stateOf(module: Module, prefix = "", into = new Map<string, Tensor>()): Map<string, Tensor> {
  for (const [name, t] of [...module.ownParameters(), ...module.ownBuffers()]) into.set(prefix + name, t);
  for (const [name, child] of module.namedChildren()) stateOf(child, `${prefix}${name}.`, into);
  return into;
}

/**
 * Copies the values of `dict` into `targets`, in place. Throws FormatError, naming all that does not fit,
 * before any copy.
 */
export function loadStateDict(
  targets: ReadonlyMap<string, Tensor>,
  dict: StateDict,
  options: LoadOptions,
): LoadReport {
  const { report, apply } = planStateDict(targets, dict, options);
  apply();
  return report;
}

/**
 * The check of `loadStateDict` alone; `apply` does the copies. For who must know first that all of several
 * things fit.
 */
export function planStateDict(
  targets: ReadonlyMap<string, Tensor>,
  dict: StateDict,
  { strict = true }: LoadOptions = {},
): { readonly report: LoadReport; readonly apply: () => void } {
  const given = new Map<string, StateValue>(dict instanceof Map ? dict : Object.entries(dict));
  const missing = [...targets.keys()].filter((key) => !given.has(key));
  const unexpected = [...given.keys()].filter((key) => !targets.has(key));
  const faults: string[] = [];
  if (strict && missing.length > 0) faults.push(`missing keys: ${missing.join(", ")}`);
  if (strict && unexpected.length > 0) faults.push(`unexpected keys: ${unexpected.join(", ")}`);
  const copies: (() => void)[] = [];
  for (const [key, target] of targets) {
    const value = given.get(key);
    if (!value) continue;
    const copy = copyOf(target, value);
    if (typeof copy === "string") faults.push(`${key}: ${copy}`);
    else copies.push(copy);
  }
  if (faults.length > 0) throw new FormatError(`loadStateDict: ${faults.join("; ")}`);
  const apply = () => {
    for (const copy of copies) copy();
  };
  return { report: { missing, unexpected }, apply };
}

/** What copies `value` into `target`, or what is wrong with it. */
function copyOf(target: Tensor, value: StateValue): string | (() => void) {
  if (!Array.isArray(value.shape)) return "no tensor and no { data, shape } given";
  if (!sameShape(target.shape, value.shape)) {
    return `shape ${formatShape(value.shape)} given, ${formatShape(target.shape)} needed`;
  }
  if (value instanceof Tensor) {
    if (value.dtype !== target.dtype && !(isFloat(value.dtype) && isFloat(target.dtype)))
      return `dtype ${value.dtype} given, ${target.dtype} needed`;
    if (value.device !== target.device) return "a tensor of another device given";
    return () => {
      takeMemory(target);
      copyTensor(target, value);
    };
  }
  if (value.data.length !== numel(value.shape))
    return `${value.data.length} values for ${formatShape(value.shape)}`;
  const data = isFloat(target.dtype) ? floats(value.data) : integers(value.data);
  if (typeof data === "string") return `${data}, ${target.dtype} needed`;
  return () => {
    takeMemory(target);
    if (target.size > 0) target.device.recorder.upload(target, storedArray(target.dtype, data));
  };
}

function copyTensor(target: Tensor, value: Tensor): void {
  const shared = value.storage === target.storage;
  if (shared && value.byteOffset === target.byteOffset) return;
  // WebGPU refuses one buffer as input and output of a dispatch: within a slab, by way of a third.
  if (!shared) copyInto(target, value);
  else copyInto(target, copyInto(empty(value.shape, value.dtype, value.device), value));
}

type Values = StateArray["data"];

function floats(data: Values): Float32Array | string {
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array || Array.isArray(data))
    return Float32Array.from(data as ArrayLike<number>);
  return `${data.constructor.name} given`;
}

function integers(data: Values): Int32Array | string {
  if (data instanceof Int32Array) return data;
  const kind = data.constructor.name;
  if (data instanceof Float32Array || data instanceof Float64Array) return `${kind} given`;
  const out = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    out[i] = Number(data[i]);
    if (BigInt(out[i]) !== BigInt(data[i])) return `${kind} with ${data[i]}, beyond i32, given`;
  }
  return out;
}
