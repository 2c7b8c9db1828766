// A trace records instead of running: dispatches, uploads, changes of host state and the values all this depends on.
// compile (src/tensor) makes one per signature; a Program (program.ts) is built from it.

import type { Device } from "./device.ts";
import { type Bindable, type Dispatch, type DispatchParam, type Recorder, rangeOf } from "./dispatch.ts";
import { UsageError } from "./errors.ts";
import type { Storage } from "./storage.ts";

/** A host value the trace consulted: if it reads otherwise at a later call, that call needs another trace. */
export interface Guard {
  readonly read: () => unknown;
  readonly value: unknown;
}

/** Host work in the order of the trace: state changes, and host scalars read between them. */
export type HostEvent =
  | { readonly kind: "effect"; readonly apply: () => () => void }
  | { readonly kind: "scalar"; readonly param: DispatchParam; readonly value: number };

export interface Constant {
  readonly target: Bindable;
  readonly bytes: Uint8Array;
}

let active: Trace | null = null;

export class Trace implements Recorder {
  readonly capturing = true;
  readonly dispatches: Dispatch[] = [];
  readonly events: HostEvent[] = [];
  readonly guards: Guard[] = [];
  readonly constants: Constant[] = [];
  /** Storage made inside: virtual, and owned by the trace. */
  readonly storages = new Set<Storage>();
  /** Storage from outside that dispatches bind, held so that it cannot be freed. */
  readonly persistent = new Set<Storage>();
  readonly persistentWrites = new Set<Storage>();
  private readonly guarded = new Set<object>();
  private readonly bound = new Set<Bindable>();
  private readonly undos: (() => void)[] = [];

  constructor(readonly device: Device) {}

  /** Runs `fn` with this trace as the device's recorder. An exception undoes the host effects and frees everything. */
  run<R>(fn: () => R): R {
    if (active)
      throw new UsageError(
        "compile: a compiled function was called inside another; call the plain function there",
      );
    const before = this.device.recorder;
    this.device.recorder = this;
    active = this;
    try {
      return fn();
    } catch (error) {
      this.undo();
      this.release();
      throw error;
    } finally {
      this.device.recorder = before;
      active = null;
    }
  }

  allocate(bytes: number, label: string): Storage {
    const storage = this.device.pool.allocateVirtual(bytes, label);
    storage.retain();
    this.storages.add(storage);
    return storage;
  }

  dispatch(d: Dispatch): void {
    for (const b of d.bindings) this.touch(b.source, b.access !== "read");
    // The tensors of a recording are released when it ends; the trace itself holds their storage.
    const bindings = d.bindings.map((b) => ({ ...b, source: rangeOf(b.source) }));
    this.dispatches.push({ ...d, bindings });
    for (const param of d.params) {
      if (typeof param.value === "number") continue;
      this.events.push({ kind: "scalar", param, value: param.value.read() });
    }
  }

  upload(target: Bindable, data: ArrayBufferView): void {
    if (!this.storages.has(target.storage)) {
      throw new UsageError(
        `${target.storage.label}: a tensor from outside cannot be overwritten from the host inside compile`,
      );
    }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    this.constants.push({ target: rangeOf(target), bytes });
  }

  /** Changes host state now and at every replay; `cell` names the state, so that later reads of it are not guarded. */
  effect(apply: () => () => void, cell?: object): void {
    if (cell) this.guarded.add(cell);
    this.undos.push(apply());
    this.events.push({ kind: "effect", apply });
  }

  /** Notes a consulted value, unless this trace set or noted it before. */
  guard(read: () => unknown, cell: object): void {
    if (this.guarded.has(cell)) return;
    this.guarded.add(cell);
    this.guards.push({ read, value: read() });
  }

  /** Takes back the host effects of the recording itself. */
  undo(): void {
    for (const u of this.undos.splice(0).reverse()) u();
  }

  release(): void {
    for (const s of this.storages) s.release("a compiled function");
    for (const s of this.persistent) s.release("a compiled function");
    this.storages.clear();
    this.persistent.clear();
  }

  private touch(source: Bindable, writes: boolean): void {
    const { storage } = source;
    if (this.storages.has(storage)) return;
    if (storage.virtual) throw new UsageError(`${storage.label}: belongs to another compiled function`);
    void storage.buffer; // throws if released
    if (!this.persistent.has(storage)) {
      this.persistent.add(storage);
      storage.retain();
    }
    if (writes) this.persistentWrites.add(storage);
    this.follow(source);
  }

  /** `view` shares the storage of `source` and ends with the recording: where it stands is found through `source`. */
  alias(source: Bindable, view: Bindable): void {
    if (this.storages.has(source.storage)) return;
    this.bound.add(view);
    this.follow(source);
  }

  /** A parameter that moves to other storage (a new optimizer's slab) must be found again. */
  private follow(source: Bindable): void {
    if (this.bound.has(source)) return;
    this.bound.add(source);
    const { storage } = source;
    this.guards.push({ read: () => source.storage, value: storage });
  }
}

/** The trace that is being recorded, if any. */
export function activeTrace(): Trace | null {
  return active;
}

/** Changes host state: once now, and, inside a capture, again at every replay. `apply` returns its undo. */
export function hostEffect(apply: () => () => void, cell?: object): void {
  if (active) active.effect(apply, cell);
  else apply();
}

/** A piece of host state that traces depend on: train or eval mode, whether a gradient is present. */
export class HostState<T> {
  constructor(private value: T) {}

  get(): T {
    active?.guard(() => this.value, this);
    return this.value;
  }

  set(value: T): void {
    hostEffect(() => {
      const before = this.value;
      this.value = value;
      return () => {
        this.value = before;
      };
    }, this);
  }
}
