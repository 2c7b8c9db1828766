// Run by Deno (wgpu compiles with Naga): reads jobs from the first file, writes their errors to the second.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { compileJobs } from "./compile_jobs.ts";

const [input, output] = process.argv.slice(2) as [string, string];
const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error("Deno found no adapter");
const device = await adapter.requestDevice();
writeFileSync(output, JSON.stringify(await compileJobs(device, JSON.parse(readFileSync(input, "utf8")))));
process.exit(0);
