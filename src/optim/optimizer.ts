// What all optimizers share: param groups over slabs, step counts, state to save. The update rules: sgd.ts, adam.ts.

import { FormatError, OptionError } from "../gpu/errors.ts";
import { activeTrace, hostEffect } from "../gpu/trace.ts";
import type { StepRule } from "../kernels/step_control.ts";
import { autocast } from "../tensor/autocast.ts";
import { backward } from "../tensor/autograd.ts";
import { flatten, type Run, settle, subRun, view } from "../tensor/flatten.ts";
import { noGrad } from "../tensor/mode.ts";
import { copyInto, fill } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import { emptyPersistent, type Tensor } from "../tensor/tensor.ts";
import { type GateNumbers, StepGate } from "./gate.ts";

/** Parameters that share hyperparameters; what is left out comes from the optimizer's options. */
export type GroupOptions<H> = { readonly params: Iterable<Tensor> } & Partial<H>;
export type ParamsInput<H> = Iterable<Tensor> | readonly GroupOptions<H>[];

/** A group as the optimizer holds it: hyperparameters are plain fields, to read and to change at any time. */
export type ParamGroup<H> = H & { readonly params: readonly Tensor[] };

/** Numbers and flags of a checkpoint; the tensors are in `stateTensors()`. */
export interface OptimizerState {
  /** Per parameter. With a gradient scaler skipped steps count here too: the tensor `skipped` tells how many they were. */
  readonly steps: readonly number[];
  /** With a gradient scaler: the parameters that have not always stepped together with the one before them. */
  readonly parted?: readonly number[];
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

/** An optimizer that a gradient scaler can gate: every one but LBFGS, which decides on the CPU. */
export interface GatedOptimizer {
  readonly groups: readonly { readonly params: readonly Tensor[] }[];
  readonly foundInf: Tensor;
  step(): void;
  gatedStep(): void;
}

/** What `minimize` needs of a GradScaler. */
export interface LossScaler {
  scale(loss: Tensor): Tensor;
  step(optimizer: GatedOptimizer): void;
  update(): void;
}

/** A stretch of parameters one dispatch updates: all have a gradient and one step count. */
export interface Stretch<H> {
  readonly run: Run;
  readonly moments: Readonly<Record<string, Tensor>>;
  readonly group: ParamGroup<H>;
  /** Steps taken with these parameters, this one included; read at replay too. */
  readonly step: () => number;
  /** With a gradient scaler what the GPU decided, by a rule of step_control.wgsl, to be bound as `control`; null without. */
  readonly control: (rule: StepRule, numbers?: GateNumbers) => Tensor | null;
}

export abstract class Optimizer<H extends { lr: number }> {
  readonly groups: ParamGroup<H>[];
  private readonly runs: {
    run: Run;
    group: ParamGroup<H>;
    moments: Record<string, Tensor>;
    /** Its first parameter's place among all. */
    first: number;
    stretches: Map<string, Stretch<H>>;
  }[];
  private readonly steps = new Map<Tensor, number>();
  private readonly gate: StepGate;

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
    let count = 0;
    this.runs = this.groups.flatMap((group) =>
      flatten(group.params).map((run) => {
        const make = (name: string) =>
          fill(emptyPersistent([run.length], "f32", run.values.device, `optimizer ${name}`), 0);
        const moments = Object.fromEntries(momentNames(group).map((name) => [name, make(name)]));
        const first = count;
        count += run.segments.length;
        return { run, group, moments, first, stretches: new Map() };
      }),
    );
    this.gate = new StepGate(count, all[0].device);
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
    this.run(false);
  }

  /** What GradScaler.step calls: a step that the GPU skips, bit for bit, where `foundInf` is not 0. */
  gatedStep(): void {
    this.run(true);
  }

  /** u32 [1]: where a gradient scaler notes an Inf or NaN among the gradients. */
  get foundInf(): Tensor {
    return this.gate.found;
  }

  /** zeroGrad, backward, step; with a gradient scaler its scale, step and update. */
  minimize(loss: Tensor, { scaler }: { readonly scaler?: LossScaler } = {}): void {
    this.zeroGrad();
    backward(scaler ? scaler.scale(loss) : loss);
    if (scaler) {
      scaler.step(this);
      scaler.update();
    } else this.step();
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
    for (const [name, t] of this.gate.tensors()) found.set(name, t);
    return found;
  }

  state(): OptimizerState {
    const groups = this.groups.map(({ params, ...rest }) => ({ ...rest, params: params.length }));
    return { steps: [...this.steps.values()], groups, ...this.gate.state() };
  }

  /** Throws FormatError, naming what is missing or unexpected, if this is not the state of such an optimizer. */
  checkState(state: OptimizerState, tensors: ReadonlyMap<string, Tensor>): void {
    const own = this.expected(tensors);
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
    for (const [name, t] of this.expected(tensors)) {
      const given = tensors.get(name)!;
      const same = given.storage === t.storage && given.byteOffset === t.byteOffset;
      if (!same) copyInto(t, view(given, 0, t.size));
    }
    this.gate.load(state.parted ?? [], tensors.has("skipped"));
    for (const [i, p] of [...this.steps.keys()].entries()) this.steps.set(p, state.steps[i]);
    this.groups.forEach((g, i) => {
      const { params: _, ...rest } = state.groups[i];
      Object.assign(g, rest);
    });
  }

  /** The tensors a checkpoint must hold: those of the gate if it was saved under a scaler, whether or not there is one now. */
  private expected(given: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
    const own = this.stateTensors();
    own.delete("skipped");
    if (given.has("skipped")) own.set("skipped", this.gate.skipped);
    return own;
  }

  private run(gated: boolean): void {
    const opens = this.gate.opens(gated);
    activeTrace()?.guard(() => this.stepPattern(opens), this.steps);
    // The controls live no longer than the step.
    const each = (fn: () => void) =>
      autocast(() => noGrad(() => (opens ? scope(fn, "optimizer") : fn())), { enabled: false });
    each(() => {
      for (const part of this.runs) {
        settle(part.run);
        if (opens)
          this.gate.part(
            part.first,
            part.run.segments.map((s) => s.param.grad !== null),
          );
        for (const found of this.stretches(part, opens)) {
          const { from, to } = found;
          const stretch = this.stretch(part, from, to);
          if (!opens) this.advance(stretch);
          else {
            const place = { first: part.first + from, count: to - from, attempted: stretch.step };
            const control: Stretch<H>["control"] = (rule, numbers = {}) =>
              this.gate.control(gated, place, rule, numbers);
            this.advance({ ...stretch, control });
          }
        }
      }
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
  private stretches(
    { run: { segments }, first }: (typeof this.runs)[number],
    opens: boolean,
  ): { from: number; to: number }[] {
    const joins = (i: number) =>
      this.steps.get(segments[i].param) === this.steps.get(segments[i - 1].param) &&
      !(opens && this.gate.isParted(first + i));
    const found: { from: number; to: number }[] = [];
    for (let from = 0; from < segments.length; ) {
      let to = from + 1;
      if (segments[from].param.grad) {
        while (to < segments.length && segments[to].param.grad && joins(to)) to++;
        found.push({ from, to });
      }
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
      const step = () => this.steps.get(param)!;
      stretch = { run, moments, group: part.group, step, control: () => null };
      part.stretches.set(key, stretch);
    }
    return stretch;
  }

  /** Which neighbours share a step count: the stretches depend on it. */
  private stepPattern(opens: boolean): string {
    const counts = [...this.steps.values()];
    const equal = counts.map((n, i) => (n === counts[i - 1] ? 1 : 0)).join("");
    return opens ? `${equal}|${this.gate.pattern()}` : equal;
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
