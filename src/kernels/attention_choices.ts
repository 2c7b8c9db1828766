// The variants of attention's kernels that a tuning table may name, `quads 4x8` (rows a thread x lanes) or `alone 1x32`, for the
// gradients in one kernel `whole 4` or `apart`; and the classes of its shapes. The defaults: attention_plan.ts; how candidates
// are measured: attention_trial.ts.

import type { Device } from "../gpu/device.ts";
import type { AttentionPass, AttentionSize } from "./attention_layout.ts";
import { type AttentionPlan, planAttention } from "./attention_plan.ts";
import { rounded, type TuningFamily } from "./tuning_family.ts";

export interface AttentionShape extends AttentionSize {
  readonly causal: boolean;
}

const MOST_ROWS = 4;
const LANES = [4, 8, 16, 32, 64];
/** Worth measuring. Many rows alone take long to compile, and spill. */
const LIKELY = {
  software: { quads: [1, 2, 4], alone: [1, 2], lanes: [4, 8] },
  hardware: { quads: [1, 2, 4], alone: [1, 2], lanes: [32, 64] },
} as const;

export const ATTENTION = {
  forward: familyOf("forward"),
  queries: familyOf("queries"),
  keys: familyOf("keys"),
  whole: familyOf("whole"),
} satisfies Record<AttentionPass, TuningFamily<AttentionShape>>;

function familyOf(pass: AttentionPass): TuningFamily<AttentionShape> {
  return {
    name: `attention.${pass}`,
    variants:
      pass === "whole"
        ? "apart or `whole ROWS` (1 to 4)"
        : "alone ROWSxLANES or quads ROWSxLANES (rows 1 to 4; lanes 4 to 64, powers of two)",
    knows: (variant) => parse(pass, variant) !== null,
    classOf({ b, h, hk, t, s, d, causal }) {
      const shared = h === hk ? "" : ` of${h / hk}`;
      return `heads${rounded(b * h)}${shared} t${rounded(t)} s${rounded(s)} d${d}${causal ? " causal" : ""}`;
    },
    candidates(_, { adapter, features }) {
      const quads = features.has("subgroups");
      const likely = LIKELY[adapter.software ? "software" : "hardware"];
      if (pass === "whole") return ["apart", ...(quads ? likely.quads.map((rows) => `whole ${rows}`) : [])];
      return (quads ? (["quads", "alone"] as const) : (["alone"] as const)).flatMap((kind) =>
        likely[kind].flatMap((rows) => likely.lanes.map((lanes) => `${kind} ${rows}x${lanes}`)),
      );
    },
  };
}

/** What a table's variant says of the plan; null where this device cannot run it. */
export function attentionVariant(
  pass: AttentionPass,
  variant: string,
  { features }: Device,
): Partial<AttentionPlan> | null {
  const plan = parse(pass, variant)!;
  return plan.quads && !features.has("subgroups") ? null : plan;
}

/** The name of what the plan takes by itself. */
export function defaultAttention(pass: AttentionPass, shape: AttentionShape, device: Device): string {
  const adapter = { software: device.adapter.software, subgroups: device.features.has("subgroups") };
  const { rows, lanes, quads, whole } = planAttention(
    pass,
    { d: shape.d, heads: shape.b * shape.hk },
    adapter,
  );
  if (pass === "whole") return whole ? `whole ${rows}` : "apart";
  return `${quads ? "quads" : "alone"} ${rows}x${lanes}`;
}

function parse(pass: AttentionPass, variant: string): Partial<AttentionPlan> | null {
  if (pass === "whole") {
    if (variant === "apart") return { whole: false };
    const match = /^whole (\d)$/.exec(variant);
    return match && isRows(Number(match[1])) ? { whole: true, quads: true, rows: Number(match[1]) } : null;
  }
  const match = /^(quads|alone) (\d)x(\d+)$/.exec(variant);
  const [rows, lanes] = [Number(match?.[2]), Number(match?.[3])];
  return match && isRows(rows) && LANES.includes(lanes) ? { quads: match[1] === "quads", rows, lanes } : null;
}

const isRows = (rows: number) => rows >= 1 && rows <= MOST_ROWS;
