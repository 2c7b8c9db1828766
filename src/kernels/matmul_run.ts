// Dispatches one rung of the matmul ladder: y = op(a) x op(b) (+ bias) on checked operands. No gradient: matmul.ts.

import type { Device } from "../gpu/device.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  matmulNaive,
  matmulQuad,
  matmulRegister,
  matmulSplitkReduce,
  matmulTiled,
} from "../gpu/shaders.gen.ts";
import { isFloat, WGSL_TYPE } from "../tensor/dtype.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import type { BatchLayout } from "./matmul_batch.ts";
import { MATMUL, type MatmulShape, matmulVariant } from "./matmul_choices.ts";
import { type MatmulPlan, type MatmulSize, planMatmul, tileOf } from "./matmul_plan.ts";
import { chosen } from "./tuning_family.ts";

const naive = kernel(matmulNaive);
const tiled = kernel(matmulTiled);
const register = kernel(matmulRegister);
const quad = kernel(matmulQuad);
const reduce = kernel(matmulSplitkReduce);
const WG = 64; // of the shaders with one output a thread

export interface MatmulOperands {
  readonly a: Tensor; // [.., m, k], or [.., k, m] if transA
  readonly b: Tensor; // [.., k, n], or [.., n, k] if transB
  readonly bias: Tensor | null; // [n]
  readonly y: Tensor; // [.., m, n]
  /** [m]: receives the sums of op(a) along k, where `sumsInside` says so. */
  readonly aSums?: Tensor | null;
  readonly transA: boolean;
  readonly transB: boolean;
}

interface Call {
  readonly o: MatmulOperands;
  readonly size: MatmulSize;
  readonly params: Record<"m" | "n" | "k" | "d1" | "d2" | "a0" | "a1" | "a2" | "b0" | "b1" | "b2", number>;
  readonly label: string;
  readonly flops: number;
}

/** Whether the plan of a product a^T b of one batch can also give the sums of op(a) along k. */
export function sumsInside(size: MatmulSize, device: Device): boolean {
  const { rung } = planOf({ ...size, transA: true, transB: false }, device);
  return size.batches === 1 && size.m * size.n > 0 && size.k > 0 && (rung === "quad" || rung === "register");
}

function planOf(shape: MatmulShape, device: Device): MatmulPlan {
  const variant = device.tuning.idle ? null : chosen(device, MATMUL, shape);
  const tuned = variant === null ? null : matmulVariant(variant, shape, device);
  const { adapter, features } = device;
  return tuned ?? planMatmul(shape, { software: adapter.software, subgroups: features.has("subgroups") });
}

/** Fills `o.y`. `forced` replaces parts of the table's plan: tests and benches. */
export function runMatmul(
  o: MatmulOperands,
  size: MatmulSize,
  batch: BatchLayout,
  forced: Partial<MatmulPlan> = {},
  label = "matmul",
): void {
  if (o.y.size === 0) return;
  const { m, n, k, batches } = size;
  const { transA, transB } = o;
  const plan = { ...planOf({ m, n, k, batches, transA, transB }, o.y.device), ...forced };
  const [, d1, d2] = batch.sizes;
  const [a0, a1, a2] = batch.a.map((s) => s * m * k) as [number, number, number];
  const [b0, b1, b2] = batch.b.map((s) => s * k * n) as [number, number, number];
  const params = { m, n, k, d1, d2, a0, a1, a2, b0, b1, b2 };
  const call = { o, size, params, label, flops: 2 * batches * m * n * k };
  // i32 has the oracle only: it is there for indices and counts, not for speed.
  if (plan.rung === "naive" || !isFloat(o.y.dtype)) runNaive(call);
  else if (plan.rung === "tiled") runTiled(call, plan);
  else runBlocks(call, plan);
}

function runNaive({ o, params, label, flops }: Call): void {
  const count = o.y.size;
  const constants = { WG, TRANS_A: o.transA, TRANS_B: o.transB, HAS_BIAS: o.bias !== null };
  const options = {
    grid: grid1d(Math.ceil(count / WG)),
    constants,
    types: { T: WGSL_TYPE[o.y.dtype] },
    label,
    flops,
  };
  naive({ a: o.a, b: o.b, bias: o.bias, y: o.y }, { ...params, count }, options);
}

function runTiled({ o, size, params, label, flops }: Call, plan: MatmulPlan): void {
  const tiles = tilesOf(size, plan);
  const constants = { TRANS_A: o.transA, TRANS_B: o.transB, HAS_BIAS: o.bias !== null };
  const { groups } = tiles;
  const options = { grid: grid1d(groups), constants, label, flops };
  tiled({ a: o.a, b: o.b, bias: o.bias, y: o.y }, { ...params, ...tiles }, options);
}

function runBlocks({ o, size, params, label, flops }: Call, plan: MatmulPlan): void {
  const { n, k, batches } = size;
  const k_chunk = 4 * Math.ceil(k / plan.splits / 4);
  const splits = Math.max(1, Math.ceil(k / Math.max(k_chunk, 1))); // as many as get a piece
  const split = splits > 1;
  const { tiles_m, tiles_n, groups } = tilesOf(size, plan);
  const vecA = !o.transA && k % 4 === 0 && k > 0; // an empty tensor is smaller than one vec4
  const vecB = (o.transB ? k : n) % 4 === 0 && k > 0;
  const y = split ? empty([splits, ...o.y.shape], "f32", o.y.device) : o.y; // [splits, .., m, n]
  const aSums = o.aSums && split ? empty([splits, size.m], "f32", o.y.device) : (o.aSums ?? null); // [splits, m]
  const options = {
    grid: grid1d(groups * splits),
    constants: {
      TRANS_A: o.transA,
      TRANS_B: o.transB,
      A_VEC: vecA,
      B_VEC: vecB,
      K_TAIL: k % 4 !== 0,
      HAS_BIAS: o.bias !== null && !split,
      HAS_A_SUMS: aSums !== null,
      WG: plan.lanes,
      TM: plan.tm,
    },
    types: { VA: vecA ? "vec4<f32>" : "f32", VB: vecB ? "vec4<f32>" : "f32" },
    label,
    flops,
  };
  const bindings = { a: o.a, b: o.b, bias: split ? null : o.bias, y, a_sums: aSums };
  const blockParams = { ...params, k_chunk, tiles_m, tiles_n, batches, groups: groups * splits };
  (plan.rung === "quad" ? quad : register)(bindings, blockParams, options);
  if (!split) return;
  const count = o.y.size;
  const sums = o.aSums?.size ?? 0;
  reduce(
    { partial: y, bias: o.bias, y: o.y, partial_sums: aSums, a_sums: o.aSums ?? null },
    { count, splits, n, sums },
    {
      grid: grid1d(Math.ceil((count + sums) / WG)),
      constants: { WG, HAS_BIAS: o.bias !== null, HAS_A_SUMS: sums > 0 },
      label: `${label}/sum`,
    },
  );
  aSums?.release("the end of matmul");
  y.release("the end of matmul");
}

/** Tiles along both sides, and workgroups without the splits. */
function tilesOf({ m, n, batches }: MatmulSize, plan: MatmulPlan) {
  const { rows, cols } = tileOf(plan);
  const tiles_m = Math.ceil(m / rows);
  const tiles_n = Math.ceil(n / cols);
  return { tiles_m, tiles_n, groups: tiles_m * tiles_n * batches };
}
