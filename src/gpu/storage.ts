// A storage is one allocation on the device, shared by the tensors that view it and freed when the last one lets go.
// Inside a capture it is virtual: it has a size and users, but no buffer until the program is built.

import { UsageError } from "./errors.ts";
import type { PooledBuffer } from "./pool.ts";

/** Who takes a buffer back. */
export interface Owner {
  free(buffer: PooledBuffer, storage: Storage): void;
}

let nextId = 0;

export class Storage {
  readonly id = nextId++;
  /** Counts the writes in place, so that backward can tell that a saved tensor has changed. */
  version = 0;
  /** Label of the last dispatch that wrote here. */
  writer = "";
  private refs = 0;
  private freed = false;
  private freedBy = "";

  constructor(
    private readonly owner: Owner,
    readonly bytes: number,
    readonly label: string,
    private memory: PooledBuffer | null,
  ) {}

  /** True while this belongs to a trace and has no buffer. */
  get virtual(): boolean {
    return this.memory === null && !this.freed;
  }

  get released(): boolean {
    return this.freed;
  }

  get buffer(): PooledBuffer {
    if (this.freed) throw new UsageError(`${this.label}: used after its release by ${this.freedBy}`);
    if (this.memory === null)
      throw new UsageError(`${this.label}: has no value here; those of a recording have none outside it`);
    return this.memory;
  }

  /** Gives a virtual storage its buffer: the program calls this when it is built. */
  materialise(memory: PooledBuffer): void {
    this.memory = memory;
  }

  retain(): void {
    this.refs++;
  }

  /** One holder fewer; the last one returns the buffer to the pool. */
  release(by: string): void {
    if (--this.refs > 0 || this.freed) return;
    this.freed = true;
    this.freedBy = by;
    if (this.memory) this.owner.free(this.memory, this);
    this.memory = null;
  }
}
