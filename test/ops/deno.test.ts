// THE op table in Deno: the same kernels compiled by Naga and run by wgpu, on the driver that Node chose, with no more than
// WebGPU's default limits.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { findAdapter } from "../../src/hosts/dawn.ts";
import { failuresOf, summary } from "../../src/selftest/report.ts";
import { records } from "../../src/selftest/tables/index.ts";
import type { DenoReport } from "./deno.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const TIMEOUT_MS = 600_000; // two minutes on two busy cores

const MIB = 2 ** 20;

test(
  "every row in Deno, under WebGPU's default limits",
  async () => {
    const { report, limits } = await inDeno();
    console.log(`Deno, ${summary(report)}`);
    expect(limits).toEqual({ maxBufferSize: 256 * MIB, maxStorageBufferBindingSize: 128 * MIB });
    expect(failuresOf(report)).toEqual([]);
    expect(report.ops.length).toBe(records.length);
  },
  TIMEOUT_MS,
);

/** The Vulkan loader may lie beside the driver. */
async function inDeno(): Promise<DenoReport> {
  const { driver } = await findAdapter();
  const env = { ...process.env };
  if (driver) {
    env.VK_ICD_FILENAMES = driver;
    env.LD_LIBRARY_PATH = [env.LD_LIBRARY_PATH, dirname(driver)].filter(Boolean).join(delimiter);
  }
  const folder = mkdtempSync(join(tmpdir(), "wgrad-deno-"));
  try {
    const output = join(folder, "report.json");
    const deno = join(HERE, "../../node_modules/.bin/deno");
    const args = ["run", "-A", "--no-lock", "--unstable-webgpu", join(HERE, "deno.ts"), output];
    await promisify(execFile)(deno, args, { env, timeout: TIMEOUT_MS });
    return JSON.parse(readFileSync(output, "utf8")) as DenoReport;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
