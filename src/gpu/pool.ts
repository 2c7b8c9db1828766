// Buffers, kept by size class and used again: createBuffer costs hundreds of microseconds (zero fill) and must not happen
// in a step. A freed buffer may be handed out at once, because the queue runs commands in order.

import type { ErrorSink } from "./error_sink.ts";
import { LimitError, OutOfMemoryError } from "./errors.ts";
import { type Owner, Storage } from "./storage.ts";

/** A GPUBuffer with what the recorder needs to know of it. */
export interface PooledBuffer {
  readonly id: number;
  readonly gpu: GPUBuffer;
  /** Where it starts in the GPUBuffer: not 0 for a cell of a chunk (cells.ts). */
  readonly base: number;
  readonly bytes: number;
  /** Number of the last batch of commands that uses it: `writeBuffer` would overtake commands not yet submitted. */
  lastBatch: number;
  /** The device had no room for it: not to be handed out again. */
  broken?: boolean;
}

export interface MemoryReport {
  /** Bytes of the buffers in use, and of those kept for reuse. */
  readonly liveBytes: number;
  readonly pooledBytes: number;
  readonly peakBytes: number;
  readonly buffers: number;
  /** Live storages by label, largest first. */
  readonly live: readonly { label: string; bytes: number; count: number }[];
}

const MIN_BYTES = 256;
const USAGE = 0x80 | 0x04 | 0x08; // STORAGE | COPY_SRC | COPY_DST

/** Size classes: eight steps a power of two, so that at most an eighth is wasted. */
export function sizeClass(bytes: number): number {
  if (bytes <= MIN_BYTES) return MIN_BYTES;
  const step = Math.max(MIN_BYTES, 2 ** (Math.floor(Math.log2(bytes - 1)) - 2));
  return Math.ceil(bytes / step) * step;
}

export class BufferPool implements Owner {
  private readonly idle = new Map<number, PooledBuffer[]>();
  private readonly storages = new Set<Storage>();
  private liveBytes = 0;
  private idleBytes = 0;
  private peakBytes = 0;
  private count = 0;
  /** Most bytes of a storage. Read once: the limits are getters of native objects. */
  readonly limit: number;
  private readonly largestBuffer: number;

  constructor(
    private readonly device: GPUDevice,
    private readonly errors: ErrorSink,
    private readonly budgetBytes: number | undefined,
    /** Destroys buffers once no command recorded so far needs them. */
    private readonly destroyInOrder: (buffers: readonly GPUBuffer[]) => void,
  ) {
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    // Bindings cover whole 16-byte words, and many adapters say 2^32 - 4.
    this.largestBuffer = Math.floor(maxBufferSize / 16) * 16;
    this.limit = Math.min(Math.floor(maxStorageBufferBindingSize / 16) * 16, this.largestBuffer);
  }

  /** A storage of at least `bytes`; `avoidBatch`: prefer a buffer that this batch has not used (for uploads). */
  allocate(bytes: number, label: string, avoidBatch = -1): Storage {
    const storage = new Storage(this, bytes, label, this.take(bytes, label, avoidBatch));
    this.storages.add(storage);
    return storage;
  }

  /** A storage without a buffer, for a trace. */
  allocateVirtual(bytes: number, label: string): Storage {
    this.checkLimits(bytes, label);
    return new Storage(this, bytes, label, null);
  }

  /** Gives a storage of a trace its buffer. */
  materialise(storage: Storage): void {
    storage.materialise(this.take(storage.bytes, storage.label, -1));
    this.storages.add(storage);
  }

  free(buffer: PooledBuffer, storage: Storage): void {
    if (!this.storages.delete(storage)) return;
    this.liveBytes -= buffer.bytes;
    if (buffer.broken) {
      this.count--;
      return;
    }
    this.idleBytes += buffer.bytes;
    const list = this.idle.get(buffer.bytes);
    if (list) list.push(buffer);
    else this.idle.set(buffer.bytes, [buffer]);
  }

  /** Destroys the buffers kept for reuse. */
  trim(): void {
    const buffers = [...this.idle.values()].flat();
    this.count -= buffers.length;
    this.idle.clear();
    this.idleBytes = 0;
    // A freed buffer may still stand in commands that are not submitted, or wait for a pipeline.
    if (buffers.length > 0) this.destroyInOrder(buffers.map((b) => b.gpu));
  }

  report(): MemoryReport {
    const byLabel = new Map<string, { label: string; bytes: number; count: number }>();
    for (const s of this.storages) {
      const entry = byLabel.get(s.label) ?? { label: s.label, bytes: 0, count: 0 };
      entry.bytes += this.classOf(s.bytes);
      entry.count++;
      byLabel.set(s.label, entry);
    }
    const live = [...byLabel.values()].sort((a, b) => b.bytes - a.bytes);
    const { liveBytes, idleBytes, peakBytes, count } = this;
    return { liveBytes, pooledBytes: idleBytes, peakBytes, buffers: count, live };
  }

  private take(bytes: number, label: string, avoidBatch: number): PooledBuffer {
    this.checkLimits(bytes, label);
    const size = this.classOf(bytes);
    const list = this.idle.get(size);
    let buffer: PooledBuffer | undefined;
    if (list) {
      const at = avoidBatch < 0 ? list.length - 1 : list.findLastIndex((b) => b.lastBatch !== avoidBatch);
      if (at >= 0) buffer = list.splice(at, 1)[0];
    }
    if (buffer) this.idleBytes -= size;
    else buffer = this.create(size, label);
    this.liveBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    return buffer;
  }

  private create(size: number, label: string): PooledBuffer {
    const budget = this.budgetBytes;
    if (budget !== undefined && this.liveBytes + this.idleBytes + size > budget) {
      this.trim();
      if (this.liveBytes + size > budget) throw this.outOfMemory(size);
    }
    this.device.pushErrorScope("out-of-memory");
    const gpu = this.device.createBuffer({ size, usage: USAGE, label });
    const buffer: PooledBuffer = { id: nextBufferId(), gpu, base: 0, bytes: size, lastBatch: -1 };
    this.errors.watch(this.device.popErrorScope(), () => {
      this.condemn(buffer);
      return this.outOfMemory(size);
    });
    this.count++;
    return buffer;
  }

  /** The news that a buffer has no memory comes late: it may be in use, or free already. */
  private condemn(buffer: PooledBuffer): void {
    buffer.broken = true;
    const list = this.idle.get(buffer.bytes) ?? [];
    const at = list.indexOf(buffer);
    if (at < 0) return;
    list.splice(at, 1);
    this.idleBytes -= buffer.bytes;
    this.count--;
  }

  /** The size class, cut where it would round up beyond the largest buffer. */
  private classOf(bytes: number): number {
    return Math.min(sizeClass(bytes), this.largestBuffer);
  }

  /** @throws LimitError for a tensor that no binding holds */
  checkLimits(bytes: number, label: string): void {
    if (!(bytes <= this.limit)) {
      throw new LimitError(
        `${label} takes ${bytes} bytes, which exceeds the adapter's limit of ${this.limit} bytes a tensor`,
      );
    }
  }

  private outOfMemory(bytes: number): OutOfMemoryError {
    const { liveBytes, live } = this.report();
    return new OutOfMemoryError(bytes, liveBytes, this.budgetBytes, live.slice(0, 5));
  }
}

let nextBuffer = 0;

export function nextBufferId(): number {
  return nextBuffer++;
}
