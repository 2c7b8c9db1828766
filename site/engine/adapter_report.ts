// What the page shows of an adapter and of the device that it gave.

import { type AdapterSummary, nameOf } from "../../src/gpu/adapter_summary.ts";
import type { AdapterReport } from "./protocol.ts";

export function adapterReport(gpu: GPUDevice, adapter: AdapterSummary): AdapterReport {
  const { vendor, architecture, software } = adapter;
  const limits: Record<string, number> = {};
  // Getters of the prototype in browsers, plain fields elsewhere.
  const held = gpu.limits as unknown as Record<string, unknown>;
  for (const name in held) {
    const value = held[name];
    if (typeof value === "number") limits[name] = value;
  }
  const features = [...(gpu.features as ReadonlySet<string>)].sort();
  return { name: nameOf(adapter), software, vendor, architecture, features, limits };
}
