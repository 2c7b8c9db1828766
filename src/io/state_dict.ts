// Files of weights as `Module.loadStateDict` takes them.

import type { StateArray } from "../layers/state_dict.ts";
import { readSafetensors, type SafeTensor, toF32, toI32 } from "./safetensors.ts";

const FLOATS: ReadonlySet<string> = new Set(["F32", "F16", "BF16", "F64"]);

/**
 * The tensors of a safetensors file by name, floats as f32, integers as i32: `model.loadStateDict(readStateDict(bytes))`.
 *
 * @throws FormatError for a file that is no safetensors file, or an integer beyond i32
 */
export function readStateDict(bytes: Uint8Array): Map<string, StateArray> {
  return stateDictOf(readSafetensors(bytes).tensors);
}

export function stateDictOf(tensors: ReadonlyMap<string, SafeTensor>): Map<string, StateArray> {
  const host = (t: SafeTensor) => ({ data: FLOATS.has(t.dtype) ? toF32(t) : toI32(t), shape: t.shape });
  return new Map([...tensors].map(([name, t]) => [name, host(t)]));
}
