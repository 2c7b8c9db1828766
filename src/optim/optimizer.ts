// What all optimizers share: param groups over slabs, step counts, state to save. The update rules: sgd.ts, adam.ts.

import { FormatError, OptionError } from "../gpu/errors.ts";
import { activeTrace, hostEffect } from "../gpu/trace.ts";
import { backward } from "../tensor/autograd.ts";
import { flatten, type Run, settle, subRun, view } from "../tensor/flatten.ts";
import { noGrad } from "../tensor/mode.ts";
import { copyInto, fill } from "../tensor/primitives.ts";
import { emptyPersistent, type Tensor } from "../tensor/tensor.ts";

/** Parameters that share hyperparameters; what is left out comes from the optimizer's options. */
export type GroupOptions<H> = { readonly params: Iterable<Tensor> } & Partial<H>;
export type ParamsInput<H> = Iterable<Tensor> | readonly GroupOptions<H>[];

/** A group as the optimizer holds it: hyperparameters are plain fields, to read and to change at any time. */
export type ParamGroup<H> = H & { readonly params: readonly Tensor[] };

/** Numbers and flags of a checkpoint; the tensors are in `stateTensors()`. */
export interface OptimizerState {
  readonly steps: readonly number[];
  readonly groups: readonly Record<string, unknown>[];
}

/** An optimizer whatever its hyperparameters: what training loops and checkpoints need of it. */
export interface AnyOptimizer {
  readonly groups: readonly { readonly params: readonly Tensor[]; lr: number }[];
  zeroGrad(): void;
  step(): void;
  state(): OptimizerState;
  stateTensors(): Map<string, Tensor>;
  checkState(state: OptimizerState, tensors: ReadonlyMap<string, Tensor>): void;
  loadState(state: OptimizerState, tensors: ReadonlyMap<string, Tensor>): void;
}

/** A stretch of parameters one dispatch updates: all have a gradient and one step count. */
export interface Stretch<H> {
  readonly run: Run;
  readonly moments: Readonly<Record<string, Tensor>>;
  readonly group: ParamGroup<H>;
  /** Steps taken with these parameters, this one included; read at replay too. */
  readonly step: () => number;
}

export abstract class Optimizer<H extends { lr: number }> {
  readonly groups: ParamGroup<H>[];
  private readonly runs: {
    run: Run;
    group: ParamGroup<H>;
    moments: Record<string, Tensor>;
    stretches: Map<string, Stretch<H>>;
  }[];
  private readonly steps = new Map<Tensor, number>();

  /** @param momentNames state tensors per parameter, e.g. `exp_avg`: allocated now, zero */
  protected constructor(
    params: ParamsInput<H>,
    defaults: H,
    momentNames: (group: ParamGroup<H>) => readonly string[],
  ) {
    this.groups = groupsOf(params, defaults);
    const all = this.groups.flatMap((g) => g.params);
    if (all.length === 0) throw new OptionError("optimizer: no parameters given");
    for (const g of this.groups) this.validate(g);
    for (const p of all) this.steps.set(p, 0);
    flatten(all); // one slab over all groups; each group's runs are parts of it
    this.runs = this.groups.flatMap((group) =>
      flatten(group.params).map((run) => {
        const make = (name: string) =>
          fill(emptyPersistent([run.length], "f32", run.values.device, `optimizer ${name}`), 0);
        const moments = Object.fromEntries(momentNames(group).map((name) => [name, make(name)]));
        return { run, group, moments, stretches: new Map() };
      }),
    );
  }

  /** Throws OptionError for hyperparameters out of range. */
  protected abstract validate(group: ParamGroup<H>): void;
  /** The update rule, for one stretch. */
  protected abstract update(stretch: Stretch<H>): void;

  /** Clears the gradients of all parameters (set_to_none: a parameter without gradient is skipped by `step`). */
  zeroGrad(): void {
    for (const p of this.steps.keys()) p.grad = null;
  }

  /** Updates every parameter that has a gradient: one dispatch per stretch, one in all for a usual model. */
  step(): void {
    activeTrace()?.guard(() => this.stepPattern(), this.steps);
    noGrad(() => {
      for (const part of this.runs) {
        settle(part.run);
        for (const stretch of this.stretches(part)) this.advance(stretch);
      }
    });
  }

  /** zeroGrad, backward, step. */
  minimize(loss: Tensor): void {
    this.zeroGrad();
    backward(loss);
    this.step();
  }

  /** Tensors of a checkpoint: `3.exp_avg` belongs to the fourth parameter. Views; read or copy them at once. */
  stateTensors(): Map<string, Tensor> {
    const order = [...this.steps.keys()];
    const found = new Map<string, Tensor>();
    for (const { run, moments } of this.runs) {
      for (const { param, offset, size } of run.segments) {
        for (const [name, m] of Object.entries(moments))
          found.set(`${order.indexOf(param)}.${name}`, view(m, offset, size));
      }
    }
    return found;
  }

  state(): OptimizerState {
    const groups = this.groups.map(({ params, ...rest }) => ({ ...rest, params: params.length }));
    return { steps: [...this.steps.values()], groups };
  }

  /** Throws FormatError, naming what is missing or unexpected, if this is not the state of such an optimizer. */
  checkState(state: OptimizerState, tensors: ReadonlyMap<string, Tensor>): void {
    const own = this.stateTensors();
    const wrong = [...own].filter(([name, t]) => tensors.get(name)?.size !== t.size).map(([name]) => name);
    const extra = [...tensors.keys()].filter((name) => !own.has(name));
    const list = (names: readonly unknown[]) => names.join(", ") || "none";
    const faults: string[] = [];
    if (wrong.length > 0 || extra.length > 0)
      faults.push(`missing or of another size: ${list(wrong)}; unexpected: ${list(extra)}`);
    const given = Array.isArray(state?.groups) ? state.groups.map((g) => g?.params) : [];
    const needed = this.groups.map((g) => g.params.length);
    if (given.join() !== needed.join())
      faults.push(`groups of ${list(given)} parameters given, ${list(needed)} needed`);
    const counts = Array.isArray(state?.steps) ? state.steps : [];
    if (counts.length !== this.steps.size || !counts.every((n) => Number.isSafeInteger(n) && n >= 0))
      faults.push(`needs ${this.steps.size} step counts`);
    if (faults.length > 0) throw new FormatError(`optimizer: the state does not fit; ${faults.join("; ")}`);
    try {
      this.groups.forEach((g, i) => {
        this.validate({ ...g, ...state.groups[i], params: g.params });
      });
    } catch (cause) {
      throw new FormatError(`optimizer: the state does not fit; ${(cause as Error).message}`, { cause });
    }
  }

  /** Restores what `state` and `stateTensors` gave. Nothing is changed if something does not fit. */
  loadState(state: OptimizerState, tensors: ReadonlyMap<string, Tensor>): void {
    this.checkState(state, tensors);
    for (const [name, t] of this.stateTensors()) {
      const given = tensors.get(name)!;
      const same = given.storage === t.storage && given.byteOffset === t.byteOffset;
      if (!same) copyInto(t, view(given, 0, t.size));
    }
    for (const [i, p] of [...this.steps.keys()].entries()) this.steps.set(p, state.steps[i]);
    this.groups.forEach((g, i) => {
      const { params: _, ...rest } = state.groups[i];
      Object.assign(g, rest);
    });
  }

  private advance(stretch: Stretch<H>): void {
    const params = stretch.run.segments.map((s) => s.param);
    hostEffect(() => {
      for (const p of params) this.steps.set(p, this.steps.get(p)! + 1);
      return () => {
        for (const p of params) this.steps.set(p, this.steps.get(p)! - 1);
      };
    });
    this.update(stretch);
  }

  /** Maximal stretches of a run whose parameters have gradients and one step count. */
  private stretches(part: (typeof this.runs)[number]): Stretch<H>[] {
    const { segments } = part.run;
    const found: Stretch<H>[] = [];
    let from = 0;
    while (from < segments.length) {
      if (!segments[from].param.grad) {
        from++;
        continue;
      }
      const count = this.steps.get(segments[from].param);
      let to = from + 1;
      while (to < segments.length && segments[to].param.grad && this.steps.get(segments[to].param) === count)
        to++;
      found.push(this.stretch(part, from, to));
      from = to;
    }
    return found;
  }

  private stretch(part: (typeof this.runs)[number], from: number, to: number): Stretch<H> {
    const key = `${from}-${to}`;
    let stretch = part.stretches.get(key);
    if (!stretch) {
      const run = subRun(part.run, from, to);
      const start = part.run.segments[from].offset;
      const moments = Object.fromEntries(
        Object.entries(part.moments).map(([k, m]) => [k, view(m, start, run.length)]),
      );
      const { param } = run.segments[0];
      stretch = { run, moments, group: part.group, step: () => this.steps.get(param)! };
      part.stretches.set(key, stretch);
    }
    return stretch;
  }

  /** Which parameters share a step count: the stretches depend on it. */
  private stepPattern(): string {
    const counts = [...this.steps.values()];
    return counts.map((s) => s - counts[0]).join();
  }
}

function groupsOf<H>(params: ParamsInput<H>, defaults: H): ParamGroup<H>[] {
  const list = [...(params as Iterable<Tensor | GroupOptions<H>>)];
  if (list.length > 0 && isGroup(list[0])) {
    return (list as GroupOptions<H>[]).map(
      ({ params, ...own }) => ({ ...defaults, ...own, params: [...params] }) as ParamGroup<H>,
    );
  }
  return [{ ...defaults, params: list as Tensor[] }];
}

function isGroup<H>(item: Tensor | GroupOptions<H>): item is GroupOptions<H> {
  return "params" in item;
}

/** Throws unless `value` is a number that `rule` accepts. */
export function checkNumber(
  optimizer: string,
  name: string,
  value: number,
  rule: "positive" | "non-negative" | "below one",
): void {
  const fine =
    Number.isFinite(value) &&
    value >= 0 &&
    (rule !== "positive" || value > 0) &&
    (rule !== "below one" || value < 1);
  const wanted = rule === "below one" ? "in [0, 1)" : rule;
  if (!fine) throw new OptionError(`${optimizer}: ${name} must be ${wanted}, got ${value}`);
}
