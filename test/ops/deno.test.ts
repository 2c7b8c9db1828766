// THE op table in Deno: the same kernels compiled by Naga and run by wgpu, on the driver that Node chose.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { findAdapter } from "../../src/hosts/dawn.ts";
import { failuresOf, summary, type TableReport } from "../../src/selftest/table.ts";
import { records } from "../../src/selftest/tables/index.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const TIMEOUT_MS = 600_000; // two minutes on two busy cores

test(
  "every row in Deno",
  async () => {
    const report = await inDeno();
    console.log(`Deno, ${summary(report)}`);
    expect(failuresOf(report)).toEqual([]);
    expect(report.reports.length).toBe(records.length);
  },
  TIMEOUT_MS,
);

/** The Vulkan loader may lie beside the driver. */
async function inDeno(): Promise<TableReport> {
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
    return JSON.parse(readFileSync(output, "utf8")) as TableReport;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
