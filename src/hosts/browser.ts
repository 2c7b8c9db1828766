// `requestDevice` of the entry `wgrad`: browser tabs, workers, and Deno. Node has its own (node.ts).
import type { Device } from "../gpu/device.ts";
import type { RequestOptions } from "./adapter.ts";
import { isDeno, requestDevice as requestUnderDeno } from "./deno.ts";
import { type Help, navigatorGpu, requestFrom } from "./navigator.ts";
import { tuningDatabase } from "./tuning_database.ts";

function noWebGpu(): string {
  if (typeof process !== "undefined" && process.versions?.node) {
    return 'under Node import requestDevice from "wgrad/node", which brings WebGPU by the package webgpu';
  }
  if (globalThis.isSecureContext === false) {
    return "WebGPU exists only in a secure context: open this page by https or on localhost";
  }
  return "this browser has no WebGPU: use Chrome or Edge 113, Safari 26, Firefox 141, or newer";
}

const NO_ADAPTER =
  "the browser found no adapter: turn on hardware acceleration, check chrome://gpu, or start Chrome with " +
  "--enable-unsafe-webgpu --use-webgpu-adapter=swiftshader to compute on the CPU";

/**
 * Opens a device; the first becomes the default. A software (fallback) adapter is accepted and flagged by
 * `device.adapter.software`. Throws DeviceError: no WebGPU (old browser, insecure page), or no adapter.
 */
export async function requestDevice(options: RequestOptions = {}): Promise<Device> {
  if (isDeno()) return requestUnderDeno(options);
  const help: Help = { noWebGpu: noWebGpu(), noAdapter: NO_ADAPTER };
  return requestFrom(navigatorGpu(), options, help, tuningDatabase());
}
