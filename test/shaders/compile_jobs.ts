// Compiles jobs on a device and gives the errors, one text a job ("" is success). Serves Node (Tint) and Deno (Naga).
import type { Job } from "./jobs.ts";

/** The features of the jobs that the adapter has. */
export function featuresFor(adapter: GPUAdapter, jobs: readonly Job[]): GPUFeatureName[] {
  const wanted = [...new Set(jobs.flatMap((job) => job.features))] as GPUFeatureName[];
  return wanted.filter((feature) => adapter.features.has(feature));
}

export async function compileJobs(device: GPUDevice, jobs: readonly Job[]): Promise<string[]> {
  const errors: string[] = [];
  for (const job of jobs) errors.push(await compileJob(device, job));
  return errors;
}

async function compileJob(device: GPUDevice, { name, code, entry, constants }: Job): Promise<string> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: name, code });
  const info = await module.getCompilationInfo();
  const lines = code.split("\n");
  const faults = info.messages
    .filter((m) => m.type === "error")
    .map((m) => `${m.lineNum}: ${m.message}\n    ${lines[m.lineNum - 1]}`);
  const pipeline = device.createComputePipelineAsync({
    layout: "auto",
    compute: { module, entryPoint: entry, constants },
  });
  const refused =
    faults.length > 0
      ? pipeline.then(
          () => "",
          () => "",
        )
      : pipeline.then(() => "", String);
  const rest = [await refused, (await device.popErrorScope())?.message ?? ""];
  return [...faults, ...(faults.length > 0 ? [] : rest)].filter((e) => e !== "").join("\n");
}
