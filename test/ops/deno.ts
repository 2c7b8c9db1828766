// Run by Deno (wgpu, Naga) with WebGPU's default limits: the whole op table; report and limits go to the file named.
import { writeFileSync } from "node:fs";
import process from "node:process";
import { requestDevice } from "../../src/hosts/deno.ts";
import { type SelftestReport, selftest } from "../../src/selftest/run.ts";

export interface DenoReport {
  readonly report: SelftestReport;
  readonly limits: { readonly maxBufferSize: number; readonly maxStorageBufferBindingSize: number };
}

const [output] = process.argv.slice(2) as [string];
const device = await requestDevice({ limits: "default" });
const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
const result: DenoReport = {
  report: await selftest({ device }),
  limits: { maxBufferSize, maxStorageBufferBindingSize },
};
writeFileSync(output, JSON.stringify(result));
process.exit(0);
