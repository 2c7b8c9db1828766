// The memory of a program: the slabs of its plan, held until it ends, and what is the same at every run beside them.

import { OutOfMemoryError } from "./errors.ts";
import { heaviest, type Plan } from "./plan.ts";
import { type BufferPool, nextBufferId } from "./pool.ts";
import type { Storage } from "./storage.ts";

/** Where a program keeps what it makes. */
export interface ProgramMemory {
  /** Bytes of the slabs that hold everything made inside. */
  readonly plannedBytes: number;
  /** The most bytes alive at one time: no plan can do with less. */
  readonly boundBytes: number;
  /** Bytes of what is the same at every run, kept outside the slabs. */
  readonly constantBytes: number;
  /** Life of each, in places of `dispatches`, and where it lies. */
  readonly intervals: readonly {
    readonly label: string;
    readonly bytes: number;
    readonly from: number;
    readonly to: number;
    readonly slab: number;
    readonly offset: number;
  }[];
}

const HOLDERS = 5; // named in an error

export class ProgramSlabs {
  private readonly slabs: Storage[] = [];
  private readonly constantBytes: number;

  /** Gives every storage of the plan and every pinned one its buffer. Throws OutOfMemoryError naming the largest. */
  constructor(
    pool: BufferPool,
    private readonly plan: Plan,
    pinned: ReadonlySet<Storage>,
  ) {
    this.constantBytes = [...pinned].reduce((n, s) => n + s.bytes, 0);
    try {
      for (const s of pinned) pool.materialise(s);
      for (const bytes of plan.slabBytes) {
        const slab = pool.allocate(bytes, "program");
        slab.retain();
        this.slabs.push(slab);
      }
    } catch (error) {
      this.release("a failed compilation");
      throw error instanceof OutOfMemoryError ? this.named(error) : error;
    }
    for (const { storage, slab, offset, bytes } of plan.places) {
      const { gpu, base } = this.slabs[slab].buffer;
      storage.materialise({ id: nextBufferId(), gpu, base: base + offset, bytes, lastBatch: -1 });
    }
  }

  get memory(): ProgramMemory {
    const { places, plannedBytes, boundBytes } = this.plan;
    const rows = places.map(({ storage, ...rest }) => ({ label: storage.label, ...rest }));
    return { plannedBytes, boundBytes, constantBytes: this.constantBytes, intervals: rows };
  }

  release(by = "a compiled function"): void {
    for (const s of this.slabs.splice(0)) s.release(by);
  }

  /** Not "program, so many bytes": what the plan would have put there, beside what others hold. */
  private named({ bytesLive, bytesLimit, largest }: OutOfMemoryError): OutOfMemoryError {
    const others = largest.filter((h) => h.label !== "program");
    const inside = heaviest(this.plan.places).map(({ storage, bytes }) => ({ label: storage.label, bytes }));
    const holders = [...inside, ...others].sort((a, b) => b.bytes - a.bytes).slice(0, HOLDERS);
    return new OutOfMemoryError(this.plan.plannedBytes, bytesLive, bytesLimit, holders);
  }
}
