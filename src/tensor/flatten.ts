// Slabs: the parameters of a model side by side in one storage, their gradients in a second one at the same places, so
// that zeroing, the gradient norm and an optimizer's update are one dispatch each however many tensors there are.

import type { Device } from "../gpu/device.ts";
import { UsageError } from "../gpu/errors.ts";
import type { Storage } from "../gpu/storage.ts";
import { activeTrace } from "../gpu/trace.ts";
import { type DType, isFloat } from "./dtype.ts";
import { copyInto, fill } from "./primitives.ts";
import { emptyPersistent, Tensor } from "./tensor.ts";

/** Parameters start where WebGPU can bind storage. The padding is zero and stays so. */
const ALIGN_BYTES = 256;
const bytesEach = (dtype: DType) => (dtype === "f16" ? 2 : 4);

/** One parameter's place, in elements from the start of its run. */
export interface Segment {
  readonly param: Tensor;
  readonly offset: number;
  readonly size: number;
}

/** Parameters that lie side by side: what one dispatch can serve. */
export interface Run {
  readonly values: Tensor; // [length]
  readonly grads: Tensor; // [length]
  readonly segments: readonly Segment[];
  readonly length: number;
}

/** The gradient storage beside each slab of values. */
const gradsOf = new WeakMap<Storage, Storage>();

/** Whether an optimizer has placed this parameter in a slab. */
export const inSlab = (t: Tensor): boolean => gradsOf.has(t.storage);

/** Places the parameters in slabs, those that are in none yet, and returns the runs they form, in the given order. */
export function flatten(params: readonly Tensor[]): Run[] {
  const seen = new Set<Tensor>();
  for (const p of params) {
    if (seen.has(p)) throw new UsageError(`flatten: ${p} is given twice`);
    if (!isFloat(p.dtype)) throw new UsageError(`flatten: ${p} is not f32 or f16`);
    seen.add(p);
  }
  const homeless = params.filter((p) => !gradsOf.has(p.storage));
  // A replay would put the values of now back in place.
  if (homeless.length > 0 && activeTrace())
    throw new UsageError(`flatten: ${homeless[0]} is in no slab yet; make its optimizer outside compile`);
  for (const group of fitting(homeless)) place(group);
  return runs(params);
}

/** Copies gradients that were set from outside, or made by `createGraph`, to their places in the slab. */
export function settle({ grads, segments }: Run): void {
  const trace = activeTrace();
  for (const { param, offset } of segments) {
    const at = grads.byteOffset + offset * bytesEach(grads.dtype);
    const astray = () => {
      const slot = param.gradSlot!;
      return slot.storage === grads.storage && slot.byteOffset === at ? null : slot;
    };
    const given = param.grad && astray();
    // Another tensor set before the next call must not find this one's copy.
    if (trace && param.grad && !(given && trace.storages.has(given.storage))) trace.guard(astray, astray);
    if (!given) continue;
    const slot = new Tensor(param.shape, param.dtype, param.device, grads.storage, at);
    copyInto(slot, given);
    param.gradSlot = slot;
  }
}

/** The run over `from` to `to` (exclusive) of a run's segments: views, no copies. */
export function subRun(run: Run, from: number, to: number): Run {
  if (from === 0 && to === run.segments.length) return run;
  const part = run.segments.slice(from, to);
  const start = part[0].offset;
  const end = to < run.segments.length ? run.segments[to].offset : run.length;
  const segments = part.map((s) => ({ ...s, offset: s.offset - start }));
  const length = end - start;
  return { values: view(run.values, start, length), grads: view(run.grads, start, length), segments, length };
}

/** `length` elements of a flat tensor from `start`, on the same storage. */
export function view(flat: Tensor, start: number, length: number): Tensor {
  const at = flat.byteOffset + start * bytesEach(flat.dtype);
  return new Tensor([length], flat.dtype, flat.device, flat.storage, at);
}

/** Elements that a parameter takes, in slabs of any dtype and in moments, which are f32. */
function padded({ size, dtype }: Tensor): number {
  const align = ALIGN_BYTES / bytesEach(dtype);
  return Math.ceil(Math.max(size, 1) / align) * align;
}

/** Splits the parameters into slabs that the adapter can bind. */
function fitting(params: readonly Tensor[]): Tensor[][] {
  const groups: Tensor[][] = [];
  let room = 0;
  let device: Device | null = null;
  let dtype: DType | null = null;
  for (const p of params) {
    const need = padded(p);
    if (need > room || p.device !== device || p.dtype !== dtype) {
      groups.push([]);
      ({ device, dtype } = p);
      room = Math.floor(
        Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize) / bytesEach(dtype),
      );
    }
    groups.at(-1)!.push(p);
    room -= need;
  }
  return groups;
}

function place(params: readonly Tensor[]): void {
  const { device, dtype } = params[0];
  const total = params.reduce((n, p) => n + padded(p), 0);
  const values = fill(emptyPersistent([total], dtype, device, "parameters"), 0);
  const grads = fill(emptyPersistent([total], dtype, device, "gradients"), 0);
  gradsOf.set(values.storage, grads.storage);
  let at = 0;
  for (const p of params) {
    const bytes = at * bytesEach(dtype);
    copyInto(new Tensor(p.shape, dtype, device, values.storage, bytes), p);
    const slot = new Tensor(p.shape, dtype, device, grads.storage, bytes);
    const before = p.grad;
    if (before) copyInto(slot, before);
    p.rebase(values.storage, bytes);
    p.gradSlot = slot;
    at += padded(p);
  }
}

function runs(params: readonly Tensor[]): Run[] {
  const found: { first: Tensor; segments: Segment[]; length: number }[] = [];
  for (const p of params) {
    const last = found.at(-1);
    const next = last ? last.first.byteOffset + last.length * bytesEach(last.first.dtype) : -1;
    if (last && last.first.storage === p.storage && p.byteOffset === next) {
      last.segments.push({ param: p, offset: last.length, size: p.size });
      last.length += padded(p);
    } else {
      found.push({ first: p, segments: [{ param: p, offset: 0, size: p.size }], length: padded(p) });
    }
  }
  return found.map(({ first, segments, length }) => {
    const { device, dtype, storage, byteOffset } = first;
    const values = new Tensor([length], dtype, device, storage, byteOffset);
    const grads = new Tensor([length], dtype, device, gradsOf.get(storage)!, byteOffset);
    return { values, grads, segments, length };
  });
}
