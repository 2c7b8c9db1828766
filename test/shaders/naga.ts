// Run by Deno (wgpu compiles with Naga): reads jobs from the first file, writes the features it has and the jobs' errors
// to the second.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { compileJobs, featuresFor } from "./compile_jobs.ts";
import type { Job } from "./jobs.ts";

/** What this writes. */
export interface NagaReport {
  readonly features: readonly string[];
  readonly errors: readonly string[];
}

const [input, output] = process.argv.slice(2) as [string, string];
const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error("Deno found no adapter");
const jobs = JSON.parse(readFileSync(input, "utf8")) as Job[];
const device = await adapter.requestDevice({ requiredFeatures: featuresFor(adapter, jobs) });
const report: NagaReport = { features: [...adapter.features], errors: await compileJobs(device, jobs) };
writeFileSync(output, JSON.stringify(report));
process.exit(0);
