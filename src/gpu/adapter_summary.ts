// Who an adapter is, and the GPUDevice that is asked of it. Apart from device.ts, because a page that only replays a program file
// (src/replay) needs this and nothing else of the engine.

import { DeviceError } from "./errors.ts";

export interface AdapterSummary {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** True for a CPU adapter (SwiftShader, lavapipe, WARP). */
  readonly software: boolean;
}

/** Who the adapter is, as far as it says. */
export function summarise(adapter: GPUAdapter): AdapterSummary {
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const software =
    isFallbackAdapter ||
    /swiftshader|llvmpipe|lavapipe|warp|basic render/i.test(`${description} ${architecture}`);
  return { vendor, architecture, description, software };
}

/** One line for people: `SwiftShader Device (LLVM 16.0.0), software`. */
export function nameOf({ description, vendor, architecture, software }: AdapterSummary): string {
  const name = description || [vendor, architecture].filter(Boolean).join(" ") || "unknown adapter";
  return software ? `${name}, software` : name;
}

/** Features that wgrad can use; none is needed. */
const USEFUL = ["timestamp-query", "shader-f16", "subgroups"] as const;

export interface RequestLimits {
  /** `"default"`: ask for WebGPU's default limits instead of the adapter's largest buffers. */
  readonly limits?: "default";
  /** `"none"`: ask for no optional feature, for programs that are to run on any device. Default: those that wgrad can use. */
  readonly features?: "none";
}

/** A GPUDevice with the largest buffers the adapter offers and the features wgrad can use. Throws DeviceError. */
export async function requestGpu(adapter: GPUAdapter, options: RequestLimits = {}): Promise<GPUDevice> {
  const useful = options.features === "none" ? [] : USEFUL.filter((f) => adapter.features.has(f));
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const requiredLimits = options.limits === "default" ? {} : { maxBufferSize, maxStorageBufferBindingSize };
  try {
    return await adapter.requestDevice({
      requiredFeatures: useful as readonly GPUFeatureName[] as GPUFeatureName[],
      requiredLimits,
    });
  } catch (cause) {
    throw new DeviceError(`requestDevice: the adapter gave no device: ${(cause as Error).message}`, {
      cause,
    });
  }
}
