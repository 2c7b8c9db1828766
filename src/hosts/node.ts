// `requestDevice` under Node: an adapter by Dawn (dawn.ts), opened, and made the default if it is the first.
// Installs nothing: `ensureSoftwareDriver({ install: true })` does, for the command and the tests.
import { type Device, openDevice, setDefaultDevice } from "../gpu/device.ts";
import { describeAdapter, isSoftware, type RequestOptions } from "./adapter.ts";
import { beginAutotune, checkTuningOptions } from "./autotune.ts";
import { findAdapter } from "./dawn.ts";
import { tuningFiles } from "./tuning_file.ts";
import { restWhileWaiting } from "./waiting.ts";

const lines = new WeakMap<Device, string>();

/**
 * Opens a device: a real GPU if there is one, else a software Vulkan driver (SwiftShader, lavapipe). The first device
 * becomes the default. Needs the package `webgpu`. Throws DeviceError saying what to install.
 */
export async function requestDevice(options: RequestOptions = {}): Promise<Device> {
  checkTuningOptions(options);
  const { adapter, driver } = await findAdapter(options);
  const device = await openDevice(adapter, options);
  if (isSoftware(adapter)) restWhileWaiting(device.gpu.queue);
  if (options.autotune) await beginAutotune(device, tuningFiles());
  lines.set(device, describeAdapter(adapter, driver));
  setDefaultDevice(device);
  return device;
}

/** One line on what was chosen: adapter, software or hardware, features, driver file. */
export function describeDevice(device: Device): string {
  return lines.get(device) ?? device.name;
}
