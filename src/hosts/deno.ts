// `requestDevice` under Deno (wgpu, Naga): `navigator.gpu`. A Vulkan driver can only be chosen before Deno starts,
// by VK_ICD_FILENAMES, so nothing is searched for here.
import type { Device } from "../gpu/device.ts";
import type { RequestOptions } from "./adapter.ts";
import { navigatorGpu, requestFrom } from "./navigator.ts";
import { denoTuningFiles } from "./tuning_deno.ts";

/** Whether this is Deno. */
export function isDeno(): boolean {
  return "Deno" in globalThis;
}

const HELP = {
  noWebGpu: "this Deno has no navigator.gpu: run it with `deno run --unstable-webgpu`, or take Deno 2.x",
  noAdapter:
    "Deno found no adapter: check the GPU's driver, or set VK_ICD_FILENAMES to a software driver's ICD file before " +
    "Deno starts (`wgrad devices` under Node lists them; libvulkan.so.1 must be installed)",
};

/** Opens a device; the first becomes the default. Throws DeviceError. */
export function requestDevice(options: RequestOptions = {}): Promise<Device> {
  return requestFrom(navigatorGpu(), options, HELP, denoTuningFiles());
}
