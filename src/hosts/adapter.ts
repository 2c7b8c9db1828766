// What all hosts share about adapters: the kinds a caller may ask for, software or hardware, and the one line that
// says what was chosen. Asks for nothing itself: that is browser.ts, deno.ts and node.ts.
import type { DeviceOptions } from "../gpu/device.ts";
import { OptionError } from "../gpu/errors.ts";

/** The values of `requestDevice({ adapter })`. */
export const ADAPTER_KINDS = ["auto", "gpu", "swiftshader", "lavapipe", "software"] as const;

/**
 * `auto`: a real GPU if there is one, else a software driver. `gpu`: a real GPU or an error. `software`: any software
 * driver. `swiftshader`, `lavapipe`: that one or an error.
 */
export type AdapterKind = (typeof ADAPTER_KINDS)[number];

/** Options of `requestDevice`: which adapter, and what the device is opened with. */
export interface RequestOptions extends DeviceOptions {
  /** Default `"auto"`; under Node the environment variable WGRAD_ADAPTER replaces the default. */
  adapter?: AdapterKind;
  powerPreference?: GPUPowerPreference;
  /**
   * Measures kernel variants for the classes of shapes that `compiled.prepare`, `fit` and `device.tune` meet, each once, and
   * keeps the table per adapter: a file under Node, IndexedDB in a browser. Default false: committed defaults, nothing measured.
   */
  autotune?: boolean;
}

/** The part of GPUAdapter that choosing and printing needs. */
export interface AdapterLike {
  readonly info: Pick<GPUAdapterInfo, "vendor" | "architecture" | "device" | "description"> & {
    readonly isFallbackAdapter?: boolean;
  };
  readonly features: ReadonlySet<string>;
}

/** The features that change what wgrad does; the rest is about pictures. */
const FEATURES_THAT_MATTER = ["shader-f16", "subgroups", "timestamp-query"] as const;

function words(info: AdapterLike["info"]): string {
  return `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
}

/** Whether the adapter computes on the CPU: flagged by WebGPU, or one of the rasterizers known by name. */
export function isSoftware(adapter: AdapterLike): boolean {
  if (adapter.info.isFallbackAdapter) return true;
  return /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i.test(words(adapter.info));
}

/** Whether the adapter is of the kind that was asked for. */
export function isKind(adapter: AdapterLike, kind: AdapterKind): boolean {
  switch (kind) {
    case "auto":
      return true;
    case "gpu":
      return !isSoftware(adapter);
    case "software":
      return isSoftware(adapter);
    case "swiftshader":
      return /swiftshader/i.test(words(adapter.info));
    case "lavapipe":
      return /llvmpipe|lavapipe/i.test(words(adapter.info));
  }
}

/** Checks a name from outside (command line, environment). Throws OptionError naming the choices. */
export function parseAdapterKind(text: string): AdapterKind {
  const kind = ADAPTER_KINDS.find((k) => k === text);
  if (kind) return kind;
  throw new OptionError(`adapter: must be one of ${ADAPTER_KINDS.join(", ")}, got ${text}`);
}

/** `google swiftshader (SwiftShader driver 5.0.0)`: hardware reports by architecture, drivers by description. */
export function adapterName(adapter: AdapterLike): string {
  const { vendor, architecture, device, description } = adapter.info;
  const name = [vendor, architecture || device].filter(Boolean).join(" ");
  if (!description) return name || "unnamed adapter";
  return name ? `${name} (${description})` : description;
}

/** One line: name, software or hardware, the features that matter, and where the driver came from. */
export function describeAdapter(adapter: AdapterLike, driver?: string): string {
  const features = FEATURES_THAT_MATTER.filter((f) => adapter.features.has(f));
  const parts = [adapterName(adapter), isSoftware(adapter) ? "software" : "hardware", ...features];
  if (driver) parts.push(driver);
  return parts.join(" · ");
}
