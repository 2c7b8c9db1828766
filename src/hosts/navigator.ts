// `requestDevice` where WebGPU is built in (`navigator.gpu`): what browsers, workers and Deno have in common. The words
// of the errors come from browser.ts and deno.ts.
import { type Device, openDevice, setDefaultDevice } from "../gpu/device.ts";
import { DeviceError } from "../gpu/errors.ts";
import { adapterName, isKind, type RequestOptions } from "./adapter.ts";
import { beginAutotune, checkTuningOptions, inMemory, type TuningStore } from "./autotune.ts";

/** What to tell a person when there is no WebGPU, and when there is no adapter. */
export interface Help {
  noWebGpu: string;
  noAdapter: string;
}

/** `navigator.gpu`, or undefined where there is none. */
export function navigatorGpu(): GPU | undefined {
  return typeof navigator === "undefined" ? undefined : (navigator as Partial<Navigator>).gpu;
}

/** Finds the adapter, opens the device, makes it the default if it is the first. Throws DeviceError. */
export async function requestFrom(
  gpu: GPU | undefined,
  options: RequestOptions,
  help: Help,
  store: TuningStore = inMemory,
): Promise<Device> {
  checkTuningOptions(options);
  if (!gpu) throw new DeviceError(`requestDevice: ${help.noWebGpu}`);
  const { adapter: kind = "auto", powerPreference } = options;
  const forceFallbackAdapter = kind !== "auto" && kind !== "gpu";
  const adapter = await gpu.requestAdapter({
    forceFallbackAdapter,
    ...(powerPreference && { powerPreference }),
  });
  if (!adapter) throw new DeviceError(`requestDevice: ${help.noAdapter}`);
  if (!isKind(adapter, kind)) {
    throw new DeviceError(`requestDevice: adapter must be of kind ${kind}, got ${adapterName(adapter)}`);
  }
  const device = await openDevice(adapter, options); // a software adapter is flagged: device.adapter.software
  if (options.autotune) await beginAutotune(device, store);
  setDefaultDevice(device);
  return device;
}
