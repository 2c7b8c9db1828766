// The device of a command: whatever adapter there is, installing a software driver if there is none at all.

import type { Device } from "../gpu/device.ts";
import { DeviceError } from "../gpu/errors.ts";
import type { AdapterKind } from "../hosts/adapter.ts";
import { requestDevice } from "../hosts/node.ts";
import { ensureSoftwareDriver } from "../hosts/software.ts";
import { userDriver } from "../hosts/vulkan.ts";

/** A device; where there is no adapter at all, a software driver is installed first. */
export async function openOrInstall(
  adapter: AdapterKind | undefined,
  log: (line: string) => void = console.log,
  autotune = false,
): Promise<Device> {
  try {
    return await requestDevice({ adapter, autotune });
  } catch (error) {
    const helps = adapter === undefined || ["auto", "software", "swiftshader"].includes(adapter);
    if (!(error instanceof DeviceError) || !helps || userDriver()) throw error;
    await ensureSoftwareDriver({ install: true, log });
    return requestDevice({ adapter, autotune });
  }
}
