// Reading values back: a ring of mappable staging buffers, so that several reads can be under way and none creates a
// buffer in the steady state.

import type { Device } from "./device.ts";
import type { Bindable } from "./dispatch.ts";
import { DeviceLostError } from "./errors.ts";
import { sizeClass } from "./pool.ts";

const MAP_READ_COPY_DST = 0x01 | 0x08;
/** Idle staging bytes kept; beyond, buffers are destroyed after use. */
const KEEP_BYTES = 64 * 2 ** 20;

export class ReadBack {
  private readonly idle = new Map<number, GPUBuffer[]>();
  private idleBytes = 0;

  constructor(private readonly device: Device) {}

  /** The bytes of `source`, after all work recorded so far. Errors of that work are thrown here. */
  async read(source: Bindable): Promise<ArrayBuffer> {
    const { device } = this;
    device.check("read");
    device.indexReports?.poll();
    const bytes = Math.ceil(source.byteLength / 4) * 4;
    if (bytes === 0) {
      await device.settle();
      return new ArrayBuffer(0);
    }
    const staging = this.take(sizeClass(bytes));
    try {
      await device.eager.copyOut(source, staging, bytes);
      const mapped = staging.mapAsync(1, 0, bytes); // GPUMapMode.READ
      await Promise.all([mapped, device.errors.settle()]);
      const copy = staging.getMappedRange(0, bytes).slice(0, source.byteLength);
      staging.unmap();
      this.give(staging);
      return copy;
    } catch (error) {
      staging.destroy();
      const reason = await device.lostReason();
      throw reason === null
        ? error
        : new DeviceLostError(`read: the device was lost: ${reason}`, { cause: error });
    }
  }

  private take(size: number): GPUBuffer {
    const buffer = this.idle.get(size)?.pop();
    if (buffer) {
      this.idleBytes -= size;
      return buffer;
    }
    return this.device.gpu.createBuffer({ size, usage: MAP_READ_COPY_DST, label: "staging" });
  }

  private give(buffer: GPUBuffer): void {
    if (this.idleBytes + buffer.size > KEEP_BYTES) {
      buffer.destroy();
      return;
    }
    this.idleBytes += buffer.size;
    const list = this.idle.get(buffer.size);
    if (list) list.push(buffer);
    else this.idle.set(buffer.size, [buffer]);
  }
}
