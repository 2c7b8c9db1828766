// The choices of one device among the variants of its kernels. A kernel's plan asks `choose` first, and takes its committed
// default if that is null. Nothing is measured here: a host that was asked to tune gives a Measurer (src/kernels/tuning.ts),
// and `settle` has it measure the classes that captures met.

import type { Device } from "./device.ts";
import { activeTrace } from "./trace.ts";
import { DEFAULT, type TuningEntries, tuningHash } from "./tuning_table.ts";

/** A class of shapes that was met, and the first shape of it: plain numbers and flags. */
export interface MetClass {
  readonly family: string;
  readonly shapeClass: string;
  readonly shape: object;
}

/** Measures classes on a device: an entry for each; the default stands where there is none. */
export type Measurer = (device: Device, met: readonly MetClass[]) => Promise<TuningEntries>;

interface Forced {
  readonly family: string;
  readonly shapeClass: string;
  /** `"default"`: what the plan takes by itself. */
  readonly variant: string;
}

export class Tuning {
  /** True while every choice is the committed default and nobody wants to know: plans then need not ask. */
  idle = true;
  private table: Record<string, Record<string, string>> = {};
  /** Counts changes: recordings made before one are made anew. */
  private changes = 0;
  private fingerprint: string | null = null;
  private readonly met = new Map<string, MetClass>();
  private noting = false;
  private measurer: Measurer | null = null;
  private forced: Forced | null = null;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(entries: TuningEntries = {}) {
    this.add(entries);
  }

  /** Equal for equal choices: of the version of the defaults, and of the entries that depart from them. */
  get hash(): string {
    return (this.fingerprint ??= tuningHash(this.table));
  }

  get entries(): TuningEntries {
    return this.table;
  }

  /** True where captures should be prepared, so that their classes are measured: `requestDevice({ autotune: true })`. */
  get measures(): boolean {
    return this.measurer !== null;
  }

  /** Classes met since the last measurement that the table has no entry for. */
  get unmeasured(): readonly MetClass[] {
    return [...this.met.values()];
  }

  /** The table's variant for a shape, or null for the default. Ask only if not `idle`. */
  choose<S extends object>(family: string, shape: S, classOf: (shape: S) => string): string | null {
    const shapeClass = classOf(shape);
    const { forced } = this;
    if (forced?.family === family && forced.shapeClass === shapeClass) return other(forced.variant);
    if (this.noting) activeTrace()?.guard(() => this.changes, this);
    const entry = this.table[family]?.[shapeClass];
    if (entry === undefined && this.noting && forced === null) {
      const key = `${family} ${shapeClass}`;
      if (!this.met.has(key)) this.met.set(key, { family, shapeClass, shape: { ...shape } });
    }
    return other(entry);
  }

  /** Replaces and adds entries; recordings made before are made anew at their next call. */
  add(entries: TuningEntries): void {
    for (const [family, classes] of Object.entries(entries)) {
      this.table[family] = { ...this.table[family], ...classes };
      for (const shapeClass of Object.keys(classes)) this.met.delete(`${family} ${shapeClass}`);
    }
    this.changes++;
    this.fingerprint = null;
    this.idle = !this.noting && Object.keys(this.table).length === 0;
  }

  /** From now on classes without an entry are noted, and measured by `settle`. */
  start(measurer: Measurer | null): void {
    this.noting = true;
    this.measurer = measurer;
    this.idle = false;
  }

  /** Measures what was noted. True if that added entries: what was recorded before should be recorded again. */
  settle(device: Device): Promise<boolean> {
    const work = this.turn.then(async () => {
      const met = this.unmeasured;
      if (this.measurer === null || met.length === 0) return false;
      this.add(await this.measurer(device, met));
      for (const { family, shapeClass } of met) {
        if (this.table[family]?.[shapeClass] === undefined) this.add({ [family]: { [shapeClass]: DEFAULT } });
      }
      return true;
    });
    this.turn = work.catch(() => {});
    return work;
  }

  /** Runs `fn` with one class's variant set: how candidates are measured. What else it meets is not noted. */
  forcing<R>(forced: Forced, fn: () => R): R {
    const [idle, before] = [this.idle, this.forced];
    this.idle = false;
    this.forced = forced;
    try {
      return fn();
    } finally {
      this.idle = idle;
      this.forced = before;
    }
  }
}

const other = (variant: string | undefined): string | null =>
  variant === undefined || variant === DEFAULT ? null : variant;
