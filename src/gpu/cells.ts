// Cells: small results of compiled steps, many to one buffer, so that a loop which keeps its losses creates no buffer a
// step. A cell is freed like any storage, and used again.

import type { Device } from "./device.ts";
import { nextBufferId, type PooledBuffer, sizeClass } from "./pool.ts";
import { type Owner, Storage } from "./storage.ts";

/** Results up to this size live in cells. */
export const CELL_MAX_BYTES = 4096;
const CHUNK_BYTES = 128 * 1024;

export class Cells implements Owner {
  private readonly idle = new Map<number, PooledBuffer[]>();
  private chunk: Storage | null = null;
  private used = CHUNK_BYTES;

  constructor(private readonly device: Device) {}

  allocate(bytes: number, label: string): Storage {
    const size = sizeClass(bytes);
    return new Storage(this, bytes, label, this.idle.get(size)?.pop() ?? this.cut(size));
  }

  free(cell: PooledBuffer): void {
    const list = this.idle.get(cell.bytes);
    if (list) list.push(cell);
    else this.idle.set(cell.bytes, [cell]);
  }

  private cut(size: number): PooledBuffer {
    if (this.chunk === null || this.used + size > CHUNK_BYTES) {
      this.chunk = this.device.pool.allocate(CHUNK_BYTES, "results");
      this.chunk.retain();
      this.used = 0;
    }
    const base = this.used;
    this.used += size;
    return { id: nextBufferId(), gpu: this.chunk.buffer.gpu, base, bytes: size, lastBatch: -1 };
  }
}
