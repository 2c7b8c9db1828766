// The one device of the worker: opened when first asked for, and again after a loss.

import { type Device, openDevice, setDefaultDevice } from "../../src/gpu/device.ts";
import { DeviceError } from "../../src/gpu/errors.ts";
import { adapterReport } from "./adapter_report.ts";
import { missing } from "./no_gpu.ts";
import type { AdapterReport, Opened } from "./protocol.ts";

/** Opens a new device; throws where there is none. In tests src/hosts/node.ts. */
export type OpenDevice = () => Promise<Device>;

/** src/hosts/browser.ts does more: it brings the tuner, which would bring every kernel to the page. */
export const openInBrowser: OpenDevice = async () => {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new DeviceError("the browser found no adapter");
  return openDevice(adapter);
};

export class Devices {
  private opening: Promise<Device> | null = null;
  private device: Device | null = null;

  constructor(private readonly openDevice: OpenDevice) {}

  /** The device there is; null before the first `get`, and after a loss. */
  get current(): Device | null {
    return this.device?.isLost ? null : this.device;
  }

  /** The device, opened if there is none. Throws what the host throws. */
  async get(): Promise<Device> {
    if (this.current) return this.current;
    this.opening ??= this.openDevice().finally(() => {
      this.opening = null;
    });
    const device = await this.opening;
    this.device = device;
    setDefaultDevice(device, true);
    return device;
  }
}

/** What `open()` answers. */
export async function openedBy(devices: Devices): Promise<Opened> {
  if (!devices.current) {
    const none = await missing();
    if (none) return { ok: false, ...none };
  }
  try {
    return { ok: true, adapter: reportOf(await devices.get()) };
  } catch (error) {
    return { ok: false, why: "failed", detail: error instanceof Error ? error.message : String(error) };
  }
}

export const reportOf = ({ gpu, adapter }: Device): AdapterReport => adapterReport(gpu, adapter);
