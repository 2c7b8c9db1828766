// Every shader and variant compiles under Tint (Dawn in Node) and under Naga (wgpu in Deno), pipelines included; stored as
// f16 too, on lavapipe, whose adapters have shader-f16.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findAdapter } from "../../src/hosts/dawn.ts";
import { findSoftwareDrivers } from "../../src/hosts/software.ts";
import { planMatmul } from "../../src/kernels/matmul_plan.ts";
import { compileJobs, featuresFor } from "./compile_jobs.ts";
import { halfJobs, type Job, jobs } from "./jobs.ts";
import type { NagaReport } from "./naga.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const NAGA_TIMEOUT_MS = 300_000; // all shaders in one run

/** Files that Naga cannot compile, with the reason. Each needs a feature that wgpu does not offer, so the engine never asks. */
const NOT_UNDER_NAGA: Readonly<Record<string, string>> = {
  "matmul_quad.wgsl":
    "Naga does not know `enable subgroups` (gfx-rs/wgpu#5555) and Deno's adapters lack the feature: register runs there",
  "conv2d_quad.wgsl": "as matmul_quad.wgsl: conv2d_direct.wgsl and conv2d_data_gradient.wgsl run there",
  "conv2d_weight_gradient_quad.wgsl": "as matmul_quad.wgsl: conv2d_weight_gradient.wgsl runs there",
  "attention_swap.wgsl": "as matmul_quad.wgsl: attention.wgsl runs there",
  "attention_dq_swap.wgsl": "as matmul_quad.wgsl: attention_dq.wgsl runs there",
  "attention_dkv_swap.wgsl": "as matmul_quad.wgsl: attention_dkv.wgsl runs there",
  "attention_dqkv.wgsl": "as matmul_quad.wgsl: attention_dq.wgsl and attention_dkv.wgsl run there",
};

const all = jobs();
const inHalf = halfJobs();
const lavapipe = (await findAdapter({ adapter: "lavapipe" }).catch(() => null))?.driver;

describe("Tint", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    const { adapter } = await findAdapter();
    device = await adapter.requestDevice({ requiredFeatures: featuresFor(adapter, all) });
  });
  afterAll(() => device?.destroy());

  it.for(all.map((job) => [job.name, job] as const))("compiles %s", async ([, job], { skip }) => {
    const why = lacks(device.features as ReadonlySet<string>, job);
    skip(why !== "", why);
    expect((await compileJobs(device, [job]))[0]).toBe("");
  });

  it("reports a fault with its line", async () => {
    const code = "@compute @workgroup_size(1)\nfn main() {\n  let x: u32 = 1.5;\n}";
    const job = { file: "broken.wgsl", name: "broken", code, entry: "main", constants: {}, features: [] };
    const [error] = await compileJobs(device, [job]);
    expect(error).toMatch(/^3: .*\n.*let x: u32 = 1.5/);
  });
});

describe("Naga", () => {
  let report: NagaReport;
  beforeAll(async () => {
    report = await naga(all, (await findAdapter()).driver);
  }, NAGA_TIMEOUT_MS);

  it.for(all.map((job, i) => [job.name, job, i] as const))("compiles %s", ([, job, i], { skip }) => {
    const why = lacks(new Set(report.features), job);
    skip(why !== "" && job.file in NOT_UNDER_NAGA, NOT_UNDER_NAGA[job.file]);
    expect(report.errors[i]).toBe("");
  });

  it("misses only the files of the table, and the engine does not choose them there", () => {
    const features = new Set(report.features);
    const missed = all.filter((job) => lacks(features, job) !== "");
    expect([...new Set(missed.map((job) => job.file))].sort()).toEqual(Object.keys(NOT_UNDER_NAGA).sort());
    const adapter = { software: true, subgroups: features.has("subgroups") };
    for (const side of [1, 8, 64, 512]) {
      expect(planMatmul({ m: side, n: side, k: side, batches: 1 }, adapter).rung).not.toBe("quad");
    }
  });
});

describe.skipIf(!lavapipe)(
  `in f16${lavapipe ? "" : ", skipped: no lavapipe that Dawn can use (npm run setup)"}`,
  () => {
    it(`compiles under Tint: ${inHalf.length} texts`, async () => {
      const { adapter } = await findAdapter({ adapter: "lavapipe" });
      const device = await adapter.requestDevice({ requiredFeatures: featuresFor(adapter, inHalf) });
      expect(faults(inHalf, await compileJobs(device, inHalf))).toEqual([]);
      device.destroy();
    });

    it("compiles under Naga, but for what needs subgroups", { timeout: NAGA_TIMEOUT_MS }, async () => {
      const there = inHalf.filter((job) => !(job.file in NOT_UNDER_NAGA));
      const report = await naga(there, lavapipe);
      expect(report.features).toContain("shader-f16");
      expect(faults(there, report.errors)).toEqual([]);
    });
  },
);

function faults(list: readonly Job[], errors: readonly string[]): string[] {
  return list.flatMap((job, i) => (errors[i] === "" ? [] : [`${job.name}: ${errors[i]}`]));
}

/** Why a device with these features cannot compile the job; "" if it can. */
function lacks(features: ReadonlySet<string>, job: Job): string {
  const missing = job.features.filter((f) => !features.has(f));
  return missing.length > 0 ? `the adapter has no ${missing.join(", ")}` : "";
}

/** Deno takes the driver that is named; the Vulkan loader may lie beside it, or beside Chrome's. */
async function naga(list: readonly Job[], driver: string | undefined): Promise<NagaReport> {
  const env = { ...process.env };
  if (driver) {
    env.VK_ICD_FILENAMES = driver;
    const beside = [driver, ...findSoftwareDrivers().map((d) => d.icd)].map(dirname);
    env.LD_LIBRARY_PATH = [env.LD_LIBRARY_PATH, ...beside].filter(Boolean).join(delimiter);
  }
  const folder = mkdtempSync(join(tmpdir(), "wgrad-naga-"));
  const [input, output] = [join(folder, "jobs.json"), join(folder, "report.json")];
  try {
    writeFileSync(input, JSON.stringify(list));
    const deno = join(HERE, "../../node_modules/.bin/deno");
    const args = ["run", "-A", "--no-lock", "--unstable-webgpu", join(HERE, "naga.ts"), input, output];
    await promisify(execFile)(deno, args, { env, timeout: NAGA_TIMEOUT_MS });
    return JSON.parse(readFileSync(output, "utf8")) as NagaReport;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
