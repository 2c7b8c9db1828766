// Fills a device's tuning table: every class of shapes that was met is measured, variant by variant (tuning_trial.ts), on
// operands of the shape it was met with. Loaded by the hosts only where somebody tunes: it pulls in all the kernels.

import type { Device } from "../gpu/device.ts";
import type { MetClass } from "../gpu/tuning.ts";
import { DEFAULT, type TuningEntries } from "../gpu/tuning_table.ts";
import { keep, scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TrialSetup } from "./trial_operands.ts";
import { TUNABLES } from "./tunables.ts";
import { runTrial, type TrialOptions, type Verdict } from "./tuning_trial.ts";

export interface MeasuredClass extends Verdict {
  readonly family: string;
  readonly shapeClass: string;
  /** The name of the default variant. */
  readonly own: string;
  /** How many variants there are, the default included. */
  readonly candidates: number;
}

export interface TuneOptions extends TrialOptions {
  readonly onMeasured?: (measured: MeasuredClass) => void;
}

/** Measures each class and gives the entries: a variant that was clearly ahead, or `"default"`. */
export async function measureClasses(
  device: Device,
  met: readonly MetClass[],
  { onMeasured, ...options }: TuneOptions = {},
): Promise<TuningEntries> {
  const entries: Record<string, Record<string, string>> = {};
  for (const each of met) {
    const measured = await measureClass(device, each, options);
    (entries[each.family] ??= {})[each.shapeClass] = measured.variant;
    onMeasured?.(measured);
  }
  return entries;
}

async function measureClass(
  device: Device,
  { family, shapeClass, shape }: MetClass,
  options: TrialOptions,
): Promise<MeasuredClass> {
  const tunable = TUNABLES.find((t) => t.family.name === family)!;
  const own = tunable.defaultOf(shape as never, device);
  const rivals = tunable.family.candidates(shape as never, device).filter((variant) => variant !== own);
  const base = { family, shapeClass, own, candidates: rivals.length + 1 };
  const none = { ...base, variant: DEFAULT, gain: 1, defaultMs: 0, looks: {}, refused: {} };
  if (rivals.length === 0) return none;
  await device.settle();
  let operands: readonly Tensor[] = [];
  try {
    const setup = scope(() => detached(tunable.trial(shape as never, device)), "tuning");
    operands = setup.operands;
    const as = (variant: string) => () =>
      device.tuning.forcing({ family, shapeClass, variant }, () => setup.run());
    const named = Object.fromEntries(rivals.map((variant) => [variant, as(variant)]));
    return { ...base, ...(await runTrial({ device, default: as(DEFAULT), rivals: named }, options)) };
  } catch (error) {
    device.check("tune");
    return { ...none, refused: { [DEFAULT]: (error as Error).message } }; // no room for operands, say
  } finally {
    for (const t of operands) t.release("tuning");
  }
}

/** Keeps the operands through the scope that made them. */
function detached(setup: TrialSetup): TrialSetup {
  for (const t of setup.operands) keep(t);
  return setup;
}
