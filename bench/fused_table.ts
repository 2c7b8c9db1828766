// Times the fused kernels against their compositions: the results are compared first, then both take turns. What they are: fused.ts.
import type { Device } from "../src/gpu/device.ts";
import { grad } from "../src/tensor/autograd.ts";
import { scope } from "../src/tensor/scope.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { coreTime } from "./cores.ts";
import { type FusedPair, fusedPairs } from "./fused.ts";
import { operand } from "./products.ts";
import { align, short } from "./report.ts";

/** Of the largest value: both are f32 sums of up to a few thousand terms, in different orders. */
const TOLERANCE = 1e-4;
const MIN_MS = 10;
const GRADIENT_FLOPS = 3.5;

type Run = () => readonly Tensor[];

/** Milliseconds of one call: wall clock, and on the cores. */
interface Cost {
  readonly wall: number;
  readonly cores: number;
}

/** The table, and the rows where a composition was faster; best of `rounds`, one pair after the other. */
export async function fusedTable(
  device: Device,
  only: RegExp,
  rounds: number,
  progress: (text: string) => void,
): Promise<string> {
  const lines = [["kernel", "shape", "", "ms", "composed", "ratio", "GFLOP/s", "cores", "composed", "ratio"]];
  const slower: string[] = [];
  for (const pair of fusedPairs.filter((p) => only.test(`${p.kernel} ${p.shape}`))) {
    for (const gradients of [false, true]) {
      const name = `${pair.kernel} ${pair.shape}${gradients ? " with gradients" : ""}`;
      progress(name);
      const runs = [callsOf(pair, pair.fused, gradients), callsOf(pair, pair.composed, gradients)] as const;
      await compare(name, runs);
      const [fused, composed] = await inTurns(device, runs, rounds);
      const flops = pair.flops * (gradients ? GRADIENT_FLOPS : 1);
      const cores = Number.isFinite(fused.cores)
        ? [short(fused.cores), short(composed.cores), short(composed.cores / fused.cores)]
        : ["-", "-", "-"];
      lines.push([
        ...[pair.kernel, pair.shape, gradients ? "with gradients" : "forward"],
        ...[short(fused.wall), short(composed.wall), short(composed.wall / fused.wall)],
        ...[short(flops / fused.wall / 1e6), ...cores],
      ]);
      const by = Number.isFinite(fused.cores) ? composed.cores / fused.cores : composed.wall / fused.wall;
      if (by < 1) slower.push(name);
    }
  }
  const verdict =
    slower.length > 0 ? `slower than composed: ${slower.join("; ")}` : "no fused kernel is slower";
  return `${align(lines)}\n\n${verdict}`;
}

function callsOf(pair: FusedPair, call: FusedPair["fused"], gradients: boolean): Run {
  const inputs = pair.inputs();
  if (!gradients) return () => [call(...inputs)];
  for (const x of inputs) x.requiresGrad = true;
  const { shape } = scope(() => call(...inputs));
  const dy = operand(shape, 99).tensor;
  return () => grad(call(...inputs), [...inputs], { gradOutputs: [dy] }) as Tensor[];
}

async function compare(name: string, [fused, composed]: readonly [Run, Run]): Promise<void> {
  const [got, want] = [scope(fused), scope(composed)];
  for (const [k, tensor] of want.entries()) {
    const [a, b] = [await got[k]!.data(), Array.from(await tensor.data())];
    const scale = b.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
    const at = b.findIndex((v, i) => !(Math.abs(a[i]! - v) <= TOLERANCE * scale));
    if (at >= 0) throw new Error(`${name}: result ${k} differs at ${at}, ${a[at]} and composed ${b[at]}`);
    for (const t of [got[k]!, tensor]) t.release("the comparison");
  }
}

async function inTurns(device: Device, runs: readonly [Run, Run], rounds: number): Promise<[Cost, Cost]> {
  const best: Cost[] = runs.map(() => ({ wall: Number.POSITIVE_INFINITY, cores: Number.POSITIVE_INFINITY }));
  const calls = [1, 1];
  for (const [i, run] of runs.entries()) {
    const once = await cost(device, run, 1); // warm: compared before
    calls[i] = Math.min(64, Math.max(1, Math.ceil(MIN_MS / once.wall)));
  }
  for (let round = 0; round < rounds; round++) {
    for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const { wall, cores } = await cost(device, runs[i]!, calls[i]!);
      best[i] = { wall: Math.min(best[i]!.wall, wall), cores: Math.min(best[i]!.cores, cores) };
    }
  }
  return best as [Cost, Cost];
}

async function cost(device: Device, run: Run, calls: number): Promise<Cost> {
  await device.settle();
  const [start, before] = [performance.now(), coreTime()];
  for (let i = 0; i < calls; i++) scope(() => void run());
  await device.settle();
  const after = coreTime();
  const cores = before === null || after === null ? Number.POSITIVE_INFINITY : (after - before) / calls;
  return { wall: (performance.now() - start) / calls, cores };
}
