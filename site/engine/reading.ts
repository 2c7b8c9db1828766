// Many small tensors read at once: those that share a storage, as parameters and moments in their slabs do, come by one copy.
// The copies are recorded at once: values are those of now, whatever runs while the caller waits.

import type { Device } from "../../src/gpu/device.ts";
import type { Storage } from "../../src/gpu/storage.ts";
import { type TypedArray, typedArray } from "../../src/tensor/dtype.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

interface Range {
  readonly device: Device;
  from: number;
  to: number;
}

/** Values by name, arrays of their own. Only 4-byte elements. */
export function readTensors(named: Iterable<readonly [string, Tensor]>): Promise<Map<string, HostTensor>> {
  const ranges = new Map<Storage, Range>();
  const list = [...named].map(([name, t]) => {
    const { storage, byteOffset: from, device, shape, dtype } = t;
    const to = from + t.byteLength;
    const range = ranges.get(storage);
    if (!range) ranges.set(storage, { device, from, to });
    else Object.assign(range, { from: Math.min(range.from, from), to: Math.max(range.to, to) });
    return { name, storage, from, to, shape, dtype };
  });
  const reads = [...ranges].map(async ([storage, { device, from, to }]) => {
    const bytes = await device.read({ device, storage, byteOffset: from, byteLength: to - from });
    return [storage, { bytes, from }] as const;
  });
  return Promise.all(reads).then((done) => {
    const read = new Map(done);
    const entries = list.map(({ name, storage, from, to, shape, dtype }) => {
      const { bytes, from: start } = read.get(storage)!;
      const data = typedArray(dtype, bytes.slice(from - start, to - start));
      return [name, { shape, data }] as const;
    });
    return new Map(entries);
  });
}
