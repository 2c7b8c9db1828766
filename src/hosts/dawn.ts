// Finds an adapter under Node with npm `webgpu` (Dawn): a real GPU if there is one, else a software driver.
// Dawn reads VK_ICD_FILENAMES with each `create`, so every candidate gets a `create` of its own. No device is opened here.
import { dirname } from "node:path";
import { DeviceError } from "../gpu/errors.ts";
import { type AdapterKind, isKind, isSoftware, parseAdapterKind, type RequestOptions } from "./adapter.ts";
import { SET_UP_BY_HAND } from "./install.ts";
import { findSoftwareDrivers } from "./software.ts";
import { loadVulkanLoader, mayHaveGpu, userDriver } from "./vulkan.ts";

/** An adapter and, for a software or user-given Vulkan driver, the ICD file it came from. */
export interface FoundAdapter {
  adapter: GPUAdapter;
  driver?: string;
}

/** What npm `webgpu` exports. */
interface DawnModule {
  create(flags: string[]): GPU;
  globals: Record<string, unknown>;
}

// Dawn rounds timestamps to 65 us, against web pages that spy: longer than many a dispatch.
const EXACT_TIMESTAMPS = "disable-dawn-features=timestamp_quantization";

// Dawn aborts the process when the object of `create` is collected while its adapters live: keep them all.
const kept: GPU[] = [];
let dawn: DawnModule | undefined;

async function loadDawn(): Promise<DawnModule> {
  if (dawn) return dawn;
  try {
    dawn = (await import("webgpu")) as DawnModule;
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    const message = missing
      ? "requestDevice: WebGPU under Node needs the package webgpu: run `npm install webgpu`"
      : `requestDevice: the package webgpu does not load here (${process.platform} ${process.arch}, Node ${process.version})`;
    throw new DeviceError(message, { cause: error });
  }
  Object.assign(globalThis, dawn.globals); // GPUBufferUsage and its likes
  return dawn;
}

async function ask(icd: string | undefined, power?: GPUPowerPreference): Promise<GPUAdapter | null> {
  const { create } = await loadDawn();
  const drivers = icd ? [icd] : findSoftwareDrivers().map((found) => found.icd);
  if (!loadVulkanLoader(drivers.map(dirname))) return null;
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES } = process.env;
  if (icd) {
    delete process.env.VK_DRIVER_FILES; // the newer name, which would win
    process.env.VK_ICD_FILENAMES = icd;
  }
  try {
    const gpu = create([EXACT_TIMESTAMPS]);
    kept.push(gpu);
    return await gpu.requestAdapter(power ? { powerPreference: power } : {});
  } finally {
    if (icd) {
      delete process.env.VK_ICD_FILENAMES;
      if (VK_DRIVER_FILES !== undefined) process.env.VK_DRIVER_FILES = VK_DRIVER_FILES;
      if (VK_ICD_FILENAMES !== undefined) process.env.VK_ICD_FILENAMES = VK_ICD_FILENAMES;
    }
  }
}

// Two calls at once would see each other's VK_ICD_FILENAMES: one after the other.
let turn: Promise<unknown> = Promise.resolve();
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = turn.then(work);
  turn = result.catch(() => undefined);
  return result;
}

/** The adapter of one ICD file, or of the system's drivers without one; null where it has none. */
export function adapterOf(icd: string | undefined, power?: GPUPowerPreference): Promise<GPUAdapter | null> {
  return inTurn(() => ask(icd, power));
}

async function hardwareAdapter(power?: GPUPowerPreference): Promise<GPUAdapter | null> {
  if (!mayHaveGpu()) return null;
  const adapter = await adapterOf(undefined, power);
  return adapter && !isSoftware(adapter) ? adapter : null;
}

function notFound(kind: AdapterKind): DeviceError {
  const own = userDriver();
  if (own) return new DeviceError(`requestDevice: the Vulkan driver ${own} has no adapter of kind ${kind}`);
  if (kind === "gpu") {
    return new DeviceError("requestDevice: no GPU was found: check its driver, or use the adapter software");
  }
  if (kind === "lavapipe") {
    const install = "Debian 13, Ubuntu: `apt-get install mesa-vulkan-drivers`";
    return new DeviceError(
      `requestDevice: lavapipe of Mesa 24 or newer was not found: install it (${install})`,
    );
  }
  const what = kind === "auto" ? "no GPU and no software driver was found" : "no software driver was found";
  return new DeviceError(`requestDevice: ${what}: ${SET_UP_BY_HAND}`);
}

/**
 * Chooses the adapter for `requestDevice` under Node; installs nothing. A user's VK_ICD_FILENAMES or VK_DRIVER_FILES is
 * taken as it is. Throws DeviceError saying what to install.
 */
export async function findAdapter(options: RequestOptions = {}): Promise<FoundAdapter> {
  const kind = parseAdapterKind(options.adapter ?? (process.env.WGRAD_ADAPTER || "auto"));
  const power = options.powerPreference;
  const driver = userDriver();
  if (driver) {
    const adapter = await adapterOf(undefined, power);
    if (adapter && isKind(adapter, kind)) return { adapter, driver };
    throw notFound(kind);
  }
  if (kind === "auto" || kind === "gpu") {
    const adapter = await hardwareAdapter(power);
    if (adapter) return { adapter };
  }
  if (kind === "gpu") throw notFound(kind);
  for (const { icd } of findSoftwareDrivers()) {
    const adapter = await adapterOf(icd);
    if (adapter && isKind(adapter, kind)) return { adapter, driver: icd };
  }
  throw notFound(kind);
}
