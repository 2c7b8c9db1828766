// What the optimizer made of a weight, line by line, as PyTorch has it (torch.optim.SGD, Adam, AdamW, RMSprop).

import type { Inspection } from "../protocol.ts";
import type { OptimizerNumbers, ParameterStep } from "./retained_step.ts";
import { roundings } from "./rounding.ts";

type Line = NonNullable<Inspection["update"]>[number];
type After = NonNullable<Inspection["after"]>;

interface Updated {
  readonly lines: readonly Line[];
  /** What is taken off the weight, and how exact that is in f32, in roundings. */
  readonly change: number;
  readonly size: number;
}

interface Given {
  readonly w: number;
  readonly g: number;
  moment(name: string): number;
  readonly o: OptimizerNumbers;
}

const RULES = {
  sgd: ({ w, g, moment, o }) => {
    const d = g + o.weightDecay * w;
    const lines = decayed(g, d, o);
    if (o.momentum === 0) return finished(lines, w, o.lr * d, "w - lr g", sizes(o.lr, g, o.weightDecay * w));
    const before = moment("momentum_buffer");
    const m = o.momentum * before + d;
    lines.push(
      { name: "m before", formula: "momentum buffer", value: before },
      { name: "m", formula: `${o.momentum} m + g`, value: m },
    );
    return finished(lines, w, o.lr * m, "w - lr m", sizes(o.lr, g, o.weightDecay * w, before));
  },
  adam: (given) => adam(given, false),
  adamw: (given) => adam(given, true),
  rmsprop: ({ w, g, moment, o }) => {
    const d = g + o.weightDecay * w;
    const before = moment("square_avg");
    const v = o.alpha * before + (1 - o.alpha) * d * d;
    const step = d / (Math.sqrt(v) + o.eps);
    const lines = decayed(g, d, o);
    lines.push(
      { name: "v before", formula: "running mean of g^2", value: before },
      { name: "v", formula: `${o.alpha} v + ${rounded(1 - o.alpha)} g^2`, value: v },
      { name: "step", formula: `g / (sqrt(v) + ${o.eps})`, value: step },
    );
    if (o.momentum === 0) return finished(lines, w, o.lr * step, "w - lr step", o.lr * sharpness(step, g, d));
    const old = moment("momentum_buffer");
    const m = o.momentum * old + step;
    lines.push({ name: "m", formula: `${o.momentum} m + step`, value: m });
    return finished(lines, w, o.lr * m, "w - lr m", o.lr * (sharpness(step, g, d) + Math.abs(old)));
  },
} as const satisfies Record<OptimizerNumbers["name"], (given: Given) => Updated>;

function adam({ w, g, moment, o }: Given, decoupled: boolean): Updated {
  const [beta1, beta2] = o.betas;
  const d = decoupled ? g : g + o.weightDecay * w;
  const start = decoupled ? w * (1 - o.lr * o.weightDecay) : w;
  const [m0, v0] = [moment("exp_avg"), moment("exp_avg_sq")];
  const m = beta1 * m0 + (1 - beta1) * d;
  const v = beta2 * v0 + (1 - beta2) * d * d;
  const [mHat, vHat] = [m / (1 - beta1 ** o.count), v / (1 - beta2 ** o.count)];
  const step = mHat / (Math.sqrt(vHat) + o.eps);
  const lines = decoupled ? [{ name: "g", formula: "gradient", value: g }] : decayed(g, d, o);
  if (decoupled) lines.push({ name: "w", formula: `w (1 - lr ${o.weightDecay})`, value: start });
  lines.push(
    { name: "m before", formula: "running mean of g", value: m0 },
    { name: "m", formula: `${beta1} m + ${rounded(1 - beta1)} g`, value: m },
    { name: "v before", formula: "running mean of g^2", value: v0 },
    { name: "v", formula: `${beta2} v + ${rounded(1 - beta2)} g^2`, value: v },
    { name: "mHat", formula: `m / (1 - ${beta1}^${o.count})`, value: mHat },
    { name: "vHat", formula: `v / (1 - ${beta2}^${o.count})`, value: vHat },
    { name: "step", formula: `mHat / (sqrt(vHat) + ${o.eps})`, value: step },
  );
  // Where m cancels, its rounding is that of its parts.
  const parts = (beta1 * Math.abs(m0) + (1 - beta1) * Math.abs(d)) / Math.max(Math.abs(m), Number.MIN_VALUE);
  const size = o.lr * Math.abs(step) * Math.max(parts, 1) * (m === 0 ? 0 : 1);
  return finished(lines, start, o.lr * step, "w - lr step", size * Math.max(1, cancelled(g, d)));
}

/** g as it comes, and with weight decay in it. */
function decayed(g: number, d: number, { weightDecay }: OptimizerNumbers): Line[] {
  const lines = [{ name: "g", formula: "gradient", value: g }];
  if (weightDecay > 0) lines.push({ name: "g", formula: `g + ${weightDecay} w`, value: d });
  return lines;
}

function finished(lines: readonly Line[], w: number, change: number, formula: string, size: number): Updated {
  return { lines: [...lines, { name: "new w", formula, value: w - change }], change, size };
}

/** How much larger than the sum the parts of g + decay w are. */
const cancelled = (g: number, d: number) => (d === 0 ? 1 : (Math.abs(g) + Math.abs(d - g)) / Math.abs(d));
const sharpness = (step: number, g: number, d: number) => Math.abs(step) * cancelled(g, d);
const sizes = (lr: number, ...parts: readonly number[]) =>
  lr * parts.reduce((sum, p) => sum + Math.abs(p), 0);
const rounded = (x: number) => Number(x.toPrecision(6));

/** Roundings on the way from g to the change of a weight. */
const ROUNDINGS = 16;

export function updateOf(
  p: ParameterStep,
  place: number,
  o: OptimizerNumbers,
): { update: readonly Line[]; after: After } {
  const [w, g] = [p.values[place], p.gradient[place]];
  const moment = (name: string) => p.moments[name].before[place];
  const { lines, size } = RULES[o.name]({ w, g, moment, o });
  const update = [
    { name: "w", formula: "weight before the step", value: w },
    { name: "lr", formula: "learning rate", value: o.lr },
    ...lines,
  ];
  const expected = update.at(-1)!.value;
  const bound = roundings(3, Math.abs(w) + Math.abs(expected)) + roundings(ROUNDINGS, size);
  return { update, after: { value: p.after[place], expected, bound } };
}
