// Debug mode: indices outside their range. An op that takes indices has them checked on the GPU (src/kernels/index_check.ts);
// the check notes the first one outside in a record, which comes back with the next read, step or settle and is thrown
// there as an IndexError. Without debug mode nothing is dispatched.

import type { Device } from "./device.ts";
import type { Bindable } from "./dispatch.ts";
import { IndexError } from "./errors.ts";
import { labelled } from "./label.ts";

const RECORD_BYTES = 16;
const MAP_READ_COPY_DST = 0x01 | 0x08;

/** A call that was checked: what its error says. */
interface Site {
  readonly label: string;
  readonly shape: readonly number[];
  readonly end: number;
  readonly ignored: number | undefined;
  readonly stack: string;
}

/** The reports of one device. They share one record, which the first bad index since the last poll takes. */
export class IndexReports {
  /** Eager calls are forgotten once polled; those of a recording come again with every replay. */
  private readonly eager = new Map<number, Site>();
  private readonly recorded = new Map<number, Site>();
  private readonly idle: GPUBuffer[] = [];
  private place: Bindable | null = null;
  private sites = 0;

  constructor(private readonly device: Device) {}

  /** A call to be checked: what its check is to note, and where. */
  site(
    op: string,
    shape: readonly number[],
    end: number,
    ignored?: number,
  ): { record: Bindable; site: number } {
    const site = ++this.sites;
    const stack = (new Error().stack ?? "").replace(/^Error:? *\n/, "");
    const seen = this.device.recorder.capturing ? this.recorded : this.eager;
    seen.set(site, { label: labelled(op), shape, end, ignored, stack });
    return { record: this.record(), site };
  }

  /** Fetches the record behind all work so far; the error sink waits for it. */
  poll(): void {
    if (!this.place || this.eager.size + this.recorded.size === 0) return;
    this.device.errors.follow(this.fetch(this.place, this.sites));
  }

  private async fetch(place: Bindable, last: number): Promise<void> {
    const { eager, gpu, errors } = this.device;
    const staging =
      this.idle.pop() ??
      gpu.createBuffer({ size: RECORD_BYTES, usage: MAP_READ_COPY_DST, label: "index check" });
    await eager.copyOut(place, staging, RECORD_BYTES, true);
    await staging.mapAsync(1); // GPUMapMode.READ
    const [site, position, bits] = new Int32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    this.idle.push(staging);
    const found = this.eager.get(site) ?? this.recorded.get(site);
    for (const old of this.eager.keys()) if (old <= last) this.eager.delete(old);
    if (found) errors.report(describe(found, position, bits));
  }

  private record(): Bindable {
    if (this.place) return this.place;
    const { device } = this;
    const storage = device.pool.allocate(RECORD_BYTES, "nothing");
    storage.retain();
    this.place = { device, storage, byteOffset: 0, byteLength: RECORD_BYTES };
    device.eager.upload(this.place, new Uint8Array(RECORD_BYTES));
    return this.place;
  }
}

function describe({ label, shape, end, ignored, stack }: Site, flat: number, index: number): IndexError {
  const position = shape.map((s, i) => Math.floor(flat / shape.slice(i + 1).reduce((a, b) => a * b, 1)) % s);
  const but = ignored === undefined ? "" : `, nor is it the ignored ${ignored}`;
  const message = `${label}: index ${index} at [${position}] is outside [0, ${end})${but}, index [${shape}]\n${stack}`;
  return new IndexError(message, label, index, position, end);
}
