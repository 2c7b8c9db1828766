// `npm run docs:ops`: writes docs/ops.md, the table of what every op supports, from running the op table: its dtypes by
// trying each, gradients by taking them, and all of it only if the op passes its checks. Needs an adapter with f16.
import { readFileSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Device, withDevice } from "../src/gpu/device.ts";
import { DTypeError } from "../src/gpu/errors.ts";
import { requestDevice } from "../src/hosts/node.ts";
import { Draw } from "../src/selftest/draw.ts";
import { OnDevice } from "../src/selftest/on_device.ts";
import type { HostTensor, OpRecord, Sample } from "../src/selftest/record.ts";
import { opLine } from "../src/selftest/report.ts";
import { type OpReport, type SelftestReport, selftest } from "../src/selftest/run.ts";
import { families } from "../src/selftest/tables/index.ts";
import { tensor } from "../src/tensor/create.ts";
import { type DType, typedArray } from "../src/tensor/dtype.ts";
import { scope } from "../src/tensor/scope.ts";
import type { Tensor } from "../src/tensor/tensor.ts";

export const OPS_FILE = fileURLToPath(new URL("../docs/ops.md", import.meta.url));
const DTYPES = ["f32", "i32", "u32", "bool"] as const satisfies readonly DType[];

type Gradient = "yes" | "zero" | "–";

export interface Support {
  dtypes: readonly DType[];
  gradient: Gradient;
  doubleGradient: Gradient;
}

/** What an op takes and whether it can be differentiated, by doing it with its smallest samples. */
export async function supportOf(row: OpRecord, device: Device): Promise<Support> {
  const samples = smallest(row.samples(new Draw(row.name)));
  const dtypes: DType[] = [];
  for (const dtype of DTYPES) if (await takes(row, samples, dtype, device)) dtypes.push(dtype);
  return { dtypes, ...(await gradientsOf(row, device)) };
}

const TRIES = 4;

const sizeOf = (s: Sample): number => s.inputs.reduce((n, t) => n + t.data.length, 0);

/** The smallest sample of every combination of input dtypes. */
function smallest(samples: readonly Sample[]): Sample[] {
  const found = new Map<string, Sample>();
  for (const s of samples) {
    if (s.inputs.some((t) => t.data.length === 0)) continue;
    const key = s.inputs.map((t) => t.dtype).join();
    const best = found.get(key);
    if (!best || sizeOf(s) < sizeOf(best)) found.set(key, s);
  }
  return found.size > 0 ? [...found.values()] : [...samples];
}

/** Whether the op gives a value for a sample whose data have this dtype; of an op without inputs: whether it gives it. */
async function takes(
  row: OpRecord,
  samples: readonly Sample[],
  dtype: DType,
  device: Device,
): Promise<boolean> {
  for (const s of samples) {
    const data = (s.inputs.find((t) => t.dtype === "f32") ?? s.inputs[0])?.dtype;
    const inputs = s.inputs.map((t) => (t.dtype === data ? { ...t, dtype, data: valuesOf(t, dtype) } : t));
    try {
      const results = await run(row, { ...s, inputs }, device);
      if (s.inputs.length > 0 || results.includes(dtype)) return true;
    } catch (error) {
      if (error instanceof DTypeError) continue;
      throw new Error(`${row.name} of ${dtype}: ${(error as Error).message}`, { cause: error });
    }
  }
  return false;
}

function valuesOf({ data }: HostTensor, dtype: DType): Float64Array {
  if (dtype === "f32") return data;
  return data.map((v) => (dtype === "bool" ? Number(v !== 0) : Math.min(100, Math.round(Math.abs(v)))));
}

/** The dtypes of the results, once they have been read. */
async function run(row: OpRecord, { inputs, options }: Sample, device: Device): Promise<DType[]> {
  const results = withDevice(device, () =>
    scope(() => {
      const xs = inputs.map((t) => tensor(typedArray(t.dtype, t.data), { shape: t.shape, dtype: t.dtype }));
      return [row.run(xs, options)].flat() as Tensor[];
    }),
  );
  await Promise.all(results.map((y) => y.data()));
  for (const y of results) y.release("docs");
  return results.map((y) => y.dtype);
}

/** "yes" as soon as a sample has a gradient that is not 0: relu of one negative number has none. */
async function gradientsOf(
  row: OpRecord,
  device: Device,
): Promise<Pick<Support, "gradient" | "doubleGradient">> {
  const draw = new Draw(row.name);
  const found: Pick<Support, "gradient" | "doubleGradient"> = { gradient: "–", doubleGradient: "–" };
  if (!row.differentiable) return found;
  const isWanted = (t: HostTensor) => t.dtype === "f32" && !t.fixed;
  const samples = row.samples(draw).filter((s) => s.inputs.some((t) => isWanted(t) && t.data.length > 0));
  for (const s of samples.sort((a, b) => sizeOf(a) - sizeOf(b)).slice(0, TRIES)) {
    const wanted = s.inputs.flatMap((t, k) => (isWanted(t) ? [k] : []));
    const v = s.inputs.map((t, k) => (wanted.includes(k) ? draw.signed(t.shape, 0.5, 1).data : null));
    const { gradients, second, secondDy } = await new OnDevice(row, s, wanted, v, draw, device).measured;
    const of = (list: readonly (ArrayLike<number> | null)[], before: Gradient): Gradient =>
      before === "yes" || list.some((g) => g && Array.from(g).some((x) => x !== 0)) ? "yes" : "zero";
    found.gradient = of(gradients, found.gradient);
    found.doubleGradient = of([...second, ...secondDy], found.doubleGradient);
    if (found.gradient === "yes" && found.doubleGradient === "yes") break;
  }
  return found;
}

/** The cell of the f16 column. */
export function halfCell({ f16 }: Pick<OpReport, "f16">): string {
  return { native: "yes", none: "–" }[f16] ?? "no";
}

/** The cells of docs/ops.md as it stands, by op: dtypes, gradient, double gradient, f16. */
export function documented(): Map<string, string[]> {
  const rows = readFileSync(OPS_FILE, "utf8").matchAll(/^\| `(\w+)` \| (.*) \|$/gm);
  return new Map([...rows].map(([, op, rest]) => [op, rest.split(" | ")]));
}

/** The cells of a row, from what was tried and from the report of its checks. */
function cells(row: OpRecord, support: Support, report: OpReport): string[] {
  const half = halfCell(report);
  const dtypes = support.dtypes.join(", ");
  return [`\`${row.name}\``, dtypes, support.gradient, support.doubleGradient, half];
}

const HEAD = `# Operations

What each op takes and gives, written by \`npm run docs:ops\` from running the op table (\`src/selftest\`); a test holds it against
a run. Everything here passed its checks against float64: values, gradients, gradients of gradients, error messages.

- **dtypes**: of the data; indices are i32, masks bool. Integers have no gradients.
- **gradient**, **double gradient**: for the inputs and for the cotangent; "zero" for steps (floor, sign); "–" where the result
  is no smooth function of the data (comparisons, indices, draws).
- **f16**: takes and gives f16 tensors, with f32 arithmetic, on adapters with \`shader-f16\`; "–": takes no floats.
`;

/** The text of docs/ops.md. Throws if an op failed: a table of wrong ops helps nobody. */
export async function supportTable(report: SelftestReport, device: Device): Promise<string> {
  const failed = report.ops.filter((o) => !o.ok);
  if (failed.length > 0) throw new Error(failed.map(opLine).join("\n"));
  const lines = [HEAD];
  for (const [family, rows] of Object.entries(families)) {
    lines.push(`## ${title(family)}`, "");
    lines.push("| op | dtypes | gradient | double gradient | f16 |", "|---|---|---|---|---|");
    for (const row of rows) {
      const found = report.ops.find((o) => o.op === row.name)!;
      lines.push(`| ${cells(row, await supportOf(row, device), found).join(" | ")} |`);
    }
    lines.push("");
  }
  return lines.join("\n");
}

/** convTranspose -> Conv transpose */
function title(family: string): string {
  const words = family.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return words[0].toUpperCase() + words.slice(1);
}

async function main(): Promise<void> {
  let device = await requestDevice();
  if (!device.features.has("shader-f16")) device = await requestDevice({ adapter: "lavapipe" });
  const progress = (op: OpReport) => console.log(opLine(op));
  const text = await supportTable(await selftest({ device, progress }), device);
  if (readFileSync(OPS_FILE, { encoding: "utf8", flag: "a+" }) !== text) writeFileSync(OPS_FILE, text);
  console.log(`${text.match(/^\| `/gm)?.length} ops -> ${relative(process.cwd(), OPS_FILE)}`);
  device.destroy();
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
