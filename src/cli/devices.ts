// `wgrad devices`: every adapter there is, with what matters about it. Each driver is tried in a process of its own: a
// broken one may crash, and what it prints is of no use here.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { DeviceError } from "../gpu/errors.ts";
import { adapterName, isKind, isSoftware, parseAdapterKind } from "../hosts/adapter.ts";
import { adapterOf } from "../hosts/dawn.ts";
import { SET_UP_BY_HAND } from "../hosts/install.ts";
import { findSoftwareDrivers } from "../hosts/software.ts";
import { userDriver } from "../hosts/vulkan.ts";
import { writableFile, writeJson } from "./files.ts";

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** One adapter, as `--json` writes it. */
export interface AdapterReport {
  info: { vendor: string; architecture: string; device: string; description: string };
  software: boolean;
  /** ICD file of the driver; null for the system's. */
  driver: string | null;
  features: string[];
  limits: Record<(typeof LIMITS)[number], number>;
  subgroupSizes: { min: number; max: number } | null;
}

const PROBE_TIMEOUT_MS = 30_000;
const SYSTEM = "system"; // the probe's argument for "the drivers the system has"

/** What the hidden `wgrad probe-adapter` prints: one report as JSON, or null. */
export async function probe(driver: string, power: GPUPowerPreference): Promise<AdapterReport | null> {
  const icd = driver === SYSTEM ? undefined : driver;
  const adapter = await adapterOf(icd, power);
  if (!adapter) return null;
  const {
    vendor,
    architecture,
    device,
    description,
    subgroupMinSize: min,
    subgroupMaxSize: max,
  } = adapter.info;
  const limits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name] ?? 0]));
  return {
    info: { vendor, architecture, device, description },
    software: isSoftware(adapter),
    driver: icd ?? userDriver() ?? null,
    features: [...adapter.features].sort(),
    limits: limits as AdapterReport["limits"],
    subgroupSizes: min && max ? { min, max } : null,
  };
}

async function probeInChild(driver: string, power: GPUPowerPreference): Promise<AdapterReport | null> {
  const self = process.argv[1] ?? "";
  const args = [...process.execArgv, self, "probe-adapter", driver, power];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: PROBE_TIMEOUT_MS });
    return JSON.parse(stdout) as AdapterReport | null;
  } catch {
    return null; // crashed or hung: no adapter
  }
}

/** All adapters, in the order in which `auto` would take them, each once. */
export async function listAdapters(): Promise<AdapterReport[]> {
  const own = userDriver();
  const reports: (AdapterReport | null)[] = [];
  for (const power of ["high-performance", "low-power"] as const)
    reports.push(await probeInChild(SYSTEM, power));
  if (!own) {
    for (const { icd } of findSoftwareDrivers()) reports.push(await probeInChild(icd, "high-performance"));
  }
  const found = reports.filter((report) => report !== null);
  const same = (a: AdapterReport, b: AdapterReport) => JSON.stringify(a.info) === JSON.stringify(b.info);
  const distinct = found.filter((report, i) => found.findIndex((other) => same(report, other)) === i);
  return distinct.sort((a, b) => Number(a.software) - Number(b.software));
}

function amount(name: string, value: number): string {
  if (!/Size$/.test(name)) return String(value);
  for (const [unit, bytes] of [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const) {
    if (value >= bytes) return `${Number((value / bytes).toFixed(2))} ${unit}`;
  }
  return `${value} B`;
}

function paragraph(report: AdapterReport, chosen: boolean): string {
  const features = new Set(report.features);
  const title = `${adapterName({ info: report.info, features })} · ${report.software ? "software" : "hardware"}`;
  const sizes = report.subgroupSizes;
  const rows = [
    ["driver", report.driver ?? "the system's"],
    ...LIMITS.map((name) => [name, amount(name, report.limits[name])]),
    ["subgroup sizes", sizes ? [...new Set([sizes.min, sizes.max])].join(" to ") : "not told"],
    ["features", report.features.join(" ")],
  ];
  const lines = rows.map(([name, value]) => `    ${name!.padEnd(34)} ${value}`);
  return [`${chosen ? "*" : " "} ${title}`, ...lines].join("\n");
}

/** Prints the list; `*` marks what a plain `requestDevice()` takes. Throws DeviceError when there is none. */
export async function devices(options: { json?: string }): Promise<void> {
  const json = options.json === undefined ? undefined : writableFile("--json", options.json);
  const kind = parseAdapterKind(process.env.WGRAD_ADAPTER || "auto");
  const adapters = await listAdapters();
  const taken = adapters.find((r) => isKind({ info: r.info, features: new Set(r.features) }, kind));
  if (json)
    writeJson(json, { adapters: adapters.map((report) => ({ ...report, chosen: report === taken })) });
  if (adapters.length === 0) throw new DeviceError(`no adapter was found: ${SET_UP_BY_HAND}`);
  console.log(adapters.map((report) => paragraph(report, report === taken)).join("\n\n"));
}
