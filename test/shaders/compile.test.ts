// Every shader and variant compiles under Tint (Dawn in Node) and under Naga (wgpu in Deno), pipelines included.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findAdapter } from "../../src/hosts/dawn.ts";
import { compileJobs } from "./compile_jobs.ts";
import { jobs } from "./jobs.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const NAGA_TIMEOUT_MS = 300_000; // all shaders in one run

const all = jobs();

describe("Tint", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await (await findAdapter()).adapter.requestDevice();
  });
  afterAll(() => device?.destroy());

  it.each(all.map((job) => [job.name, job] as const))("compiles %s", async (_, job) => {
    expect((await compileJobs(device, [job]))[0]).toBe("");
  });

  it("reports a fault with its line", async () => {
    const code = "@compute @workgroup_size(1)\nfn main() {\n  let x: u32 = 1.5;\n}";
    const [error] = await compileJobs(device, [{ name: "broken", code, entry: "main", constants: {} }]);
    expect(error).toMatch(/^3: .*\n.*let x: u32 = 1.5/);
  });
});

describe("Naga", () => {
  let errors: string[] = [];
  beforeAll(async () => {
    errors = await naga();
  }, NAGA_TIMEOUT_MS);

  it.each(all.map((job, i) => [job.name, i] as const))("compiles %s", (_, i) => {
    expect(errors[i]).toBe("");
  });
});

/** Deno takes the driver that Node chose; the Vulkan loader may lie beside it. */
async function naga(): Promise<string[]> {
  const { driver } = await findAdapter();
  const env = { ...process.env };
  if (driver) {
    env.VK_ICD_FILENAMES = driver;
    env.LD_LIBRARY_PATH = [env.LD_LIBRARY_PATH, dirname(driver)].filter(Boolean).join(delimiter);
  }
  const folder = mkdtempSync(join(tmpdir(), "wgrad-naga-"));
  const [input, output] = [join(folder, "jobs.json"), join(folder, "errors.json")];
  try {
    writeFileSync(input, JSON.stringify(all));
    const deno = join(HERE, "../../node_modules/.bin/deno");
    const args = ["run", "-A", "--no-lock", "--unstable-webgpu", join(HERE, "naga.ts"), input, output];
    await promisify(execFile)(deno, args, { env, timeout: NAGA_TIMEOUT_MS });
    return JSON.parse(readFileSync(output, "utf8")) as string[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
