// Whether the adapter can hold a model at all: told at construction, before anything is made.

import { currentDevice } from "../gpu/device.ts";
import { bytesOf } from "../tensor/dtype.ts";
import { formatShape, numel, type Shape } from "../tensor/shape.ts";

/**
 * @param shapes of the parameters that grow largest, by their keys
 * @throws LimitError for the first that exceeds what the adapter binds: `Gpt2: wte.weight [50257,768] takes ...`
 */
export function checkRoom(model: string, shapes: Readonly<Record<string, Shape>>): void {
  const { pool } = currentDevice();
  for (const [key, shape] of Object.entries(shapes))
    pool.checkLimits(bytesOf(numel(shape), "f32"), `${model}: ${key} ${formatShape(shape)}`);
}
