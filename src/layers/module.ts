// Module: a tree of parameters, buffers and further modules with a `forward` (torch.nn.Module). Its members
// are its plain fields in the order of declaration: parameters, modules, arrays of either. No proxies. State
// dicts: state_dict.ts.

import { OptionError } from "../gpu/errors.ts";
import { pathFits } from "../gpu/label.ts";
import { HostState } from "../gpu/trace.ts";
import { isFloat } from "../tensor/dtype.ts";
import { convert, Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { addForwardHook, asChild, type ForwardHook, type HookHandle } from "./module_path.ts";
import { type LoadOptions, type LoadReport, loadStateDict, type StateDict, stateOf } from "./state_dict.ts";
import { replaceField, submodule } from "./submodules.ts";

/**
 * Base of all layers and models. Declare parameters and modules as fields, write `forward`:
 * ```ts
 * class Mlp extends Module {
 *   readonly hidden = new Linear(784, 256);
 *   readonly head = new Linear(256, 10);
 *   forward(x: Tensor): Tensor { return this.head.forward(relu(this.hidden.forward(x))); }
 * }
 * ```
 * Every call of `forward` runs under the module's path, so that dispatches are labelled `hidden/linear`.
 * Fields that are `#private`, in a Map or in a plain object are not seen.
 */
export abstract class Module {
  readonly #mode = new HostState(true);
  readonly #parameters = new Map<string, Parameter>();
  readonly #late = new Map<string, Parameter>();
  readonly #buffers = new Map<string, Tensor>();

  constructor() {
    const forward = this.forward;
    // Not enumerable: the wrapper is no member.
    Object.defineProperty(this, "forward", {
      value: (...args: never[]) => asChild(this, args, () => forward.apply(this, args)),
      writable: true,
      configurable: true,
    });
  }

  abstract forward(...args: never[]): unknown;

  /** True at first; false after `eval()`. A compiled function that reads it records again when it changes. */
  get training(): boolean {
    return this.#mode.get();
  }

  /** Named members in order; containers say here what they hold. */
  protected *members(): Iterable<readonly [string, unknown]> {
    yield* Object.entries(this);
  }

  /** What the options of this layer were, for `toString`. */
  protected describe(): string {
    return "";
  }

  /** Adds state that is saved but not trained, under its key in the state dict; returns it. */
  registerBuffer<T extends Tensor>(name: string, tensor: T): T {
    this.#buffers.set(name, tensor);
    return tensor;
  }

  /**
   * Names a parameter as its PyTorch checkpoint does where no field is named so; returns it. It stands before the fields in the
   * state dict, or, with `last`, behind them.
   */
  registerParameter(name: string, parameter: Parameter, { last = false } = {}): Parameter {
    (last ? this.#late : this.#parameters).set(name, parameter);
    return parameter;
  }

  /** Takes a registered parameter or buffer out again. */
  unregister(name: string): void {
    for (const map of [this.#parameters, this.#late, this.#buffers]) map.delete(name);
  }

  /** Parameters of this module alone. */
  ownParameters(): [string, Parameter][] {
    const registered = new Set([...this.#parameters.values(), ...this.#late.values()]);
    const fields = this.#flat().filter(([, m]) => m instanceof Parameter && !registered.has(m));
    return [...this.#parameters, ...(fields as [string, Parameter][]), ...this.#late];
  }

  /** Buffers of this module alone. */
  ownBuffers(): [string, Tensor][] {
    return [...this.#buffers];
  }

  /** Modules one level down, by name. */
  namedChildren(): [string, Module][] {
    return this.#flat().filter((m): m is [string, Module] => m[1] instanceof Module);
  }

  children(): Module[] {
    return this.namedChildren().map(([, m]) => m);
  }

  /** This module, under "", and all below it, parents first, each once. */
  namedModules(): [string, Module][] {
    const found = new Map<Module, string>();
    const visit = (name: string, m: Module): void => {
      if (found.has(m)) return;
      found.set(m, name);
      for (const [key, child] of m.namedChildren()) visit(joined(name, key), child);
    };
    visit("", this);
    return [...found].map(([m, name]) => [name, m]);
  }

  modules(): Module[] {
    return this.namedModules().map(([, m]) => m);
  }

  /**
   * The module at a path such as `layer1.0.conv2`; "" is this one (torch.nn.Module.get_submodule).
   *
   * @throws OptionError if there is none, naming what stands there
   */
  getSubmodule(path: string): Module {
    return submodule(this, path);
  }

  /**
   * Puts a module in the place of another: a new head, say. Before the optimizer is made and the step compiled: both hold the
   * parameters they saw (torch.nn.Module.set_submodule).
   *
   * @throws OptionError if there is no module at the path
   */
  setSubmodule(path: string, module: Module): void {
    const old = this.getSubmodule(path);
    const put = this.modules().some((parent) => {
      const name = parent.namedChildren().find(([, m]) => m === old)?.[0];
      return name !== undefined && parent.replace(name, module);
    });
    if (!put) throw new OptionError(`setSubmodule: ${path || "the model itself"} cannot be replaced`);
  }

  /** Puts a module in the place of the child of this name; containers say here how. */
  protected replace(name: string, module: Module): boolean {
    return replaceField(this, name, module);
  }

  /**
   * Calls `hook(module, inputs, output)` after every `forward`; what it returns, unless undefined, takes the place of the
   * output. In a compiled function hooks run while it is recorded, so add them before (torch.nn.Module.register_forward_hook).
   */
  registerForwardHook(hook: ForwardHook): HookHandle {
    return addForwardHook(this, hook);
  }

  /** All parameters by path, each once: a shared one under its first name. */
  namedParameters(): [string, Parameter][] {
    return this.#all((m) => m.ownParameters());
  }

  parameters(): Parameter[] {
    return this.namedParameters().map(([, p]) => p);
  }

  namedBuffers(): [string, Tensor][] {
    return this.#all((m) => m.ownBuffers());
  }

  /** Training mode for this and all below: dropout drops, batch norm takes the statistics of the batch. */
  train(mode = true): this {
    for (const m of this.modules()) m.#mode.set(mode);
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /** Calls `fn` on every module, children before parents. */
  apply(fn: (module: Module) => void): this {
    for (const m of this.children()) m.apply(fn);
    fn(this);
    return this;
  }

  /**
   * Freezes (false) or thaws parameters: all, or those that `match` fits: a pattern found in their path, or the path of a
   * module above them. A frozen batch norm still moves its running statistics until `eval()`.
   *
   * @throws OptionError if `match` fits none
   */
  requiresGrad_(value = true, match?: string | RegExp): this {
    const named = this.namedParameters().filter(([name]) => match === undefined || pathFits(name, match));
    if (named.length === 0 && match !== undefined)
      throw new OptionError(`requiresGrad_: no parameter matches ${match}`);
    for (const [, p] of named) p.requiresGrad = value;
    return this;
  }

  zeroGrad(): void {
    for (const p of this.parameters()) p.grad = null;
  }

  /**
   * Stores all float parameters and buffers in this dtype, in place (torch.nn.Module.to). Before the optimizer is made.
   *
   * @throws UsageError once an optimizer holds them, or inside compile; DTypeError for f16 without shader-f16
   */
  to(dtype: "f32" | "f16"): this {
    for (const [, t] of [...this.namedParameters(), ...this.namedBuffers()]) {
      if (isFloat(t.dtype)) convert(t, dtype);
    }
    return this;
  }

  /** `to("f16")`: half the memory, arithmetic still in f32. Needs an adapter with shader-f16. */
  half(): this {
    return this.to("f16");
  }

  /** `to("f32")` */
  float(): this {
    return this.to("f32");
  }

  /** Parameters and buffers themselves, not copies, under PyTorch's keys in PyTorch's order. */
  stateDict(): Map<string, Tensor> {
    return stateOf(this);
  }

  /**
   * Copies values in, in place, so that optimizers keep their hold. Nothing is copied unless everything fits.
   *
   * @throws FormatError listing all missing keys, unexpected keys, wrong shapes and wrong dtypes. With
   *   `strict: false` the first two are returned instead
   */
  loadStateDict(dict: StateDict, options: LoadOptions = {}): LoadReport {
    return loadStateDict(this.stateDict(), dict, options);
  }

  /** What console.log shows under Node and Deno. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** The tree, as PyTorch prints it. */
  toString(): string {
    const lines = this.namedChildren().map(
      ([name, m]) => `  (${name}): ${String(m).replaceAll("\n", "\n  ")}\n`,
    );
    const inside = lines.length > 0 ? `\n${lines.join("")}` : this.describe();
    return `${this.constructor.name}(${inside})`;
  }

  #flat(): [string, Parameter | Module][] {
    return [...this.members()].flatMap(([name, value]) => [...leaves(name, value)]);
  }

  #all<T>(own: (m: Module) => [string, T][]): [string, T][] {
    const found = new Map<T, string>();
    for (const [path, m] of this.namedModules()) {
      for (const [name, t] of own(m)) if (!found.has(t)) found.set(t, joined(path, name));
    }
    return [...found].map(([t, name]) => [name, t]);
  }
}

function* leaves(name: string, value: unknown): Iterable<[string, Parameter | Module]> {
  if (value instanceof Parameter || value instanceof Module) yield [name, value];
  else if (Array.isArray(value)) for (const [i, v] of value.entries()) yield* leaves(`${name}.${i}`, v);
}

function joined(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}
