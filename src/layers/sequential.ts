// Containers: Sequential feeds each layer's output to the next, ModuleList only holds. Keys are the indices:
// "0.weight".

import { OptionError, UsageError } from "../gpu/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** A module that maps one tensor to one tensor: what Sequential chains. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/** y = layers[n-1](... layers[0](x)) (torch.nn.Sequential). */
export class Sequential extends Module {
  readonly #layers: Layer[];

  constructor(...layers: Layer[]) {
    super();
    const wrong = layers.findIndex((layer) => !(layer instanceof Module));
    if (wrong >= 0)
      throw new OptionError(`Sequential: takes modules as arguments of their own, argument ${wrong} is none`);
    this.#layers = layers;
  }

  get length(): number {
    return this.#layers.length;
  }

  /** Layer i; negative from the end. */
  at(i: number): Layer | undefined {
    return this.#layers.at(i);
  }

  [Symbol.iterator](): Iterator<Layer> {
    return this.#layers.values();
  }

  forward(x: Tensor): Tensor {
    return this.#layers.reduce((h, layer) => layer.forward(h), x);
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    for (const [i, layer] of this.#layers.entries()) yield [String(i), layer];
    yield* super.members();
  }

  protected override replace(name: string, module: Module): boolean {
    if (!(name in this.#layers)) return super.replace(name, module);
    this.#layers[Number(name)] = module as Layer;
    return true;
  }
}

/** Modules in a list (torch.nn.ModuleList); a plain array in a field does the same under the field's name. */
export class ModuleList<M extends Module = Module> extends Module {
  readonly #modules: M[];

  constructor(modules: Iterable<M> = []) {
    super();
    this.#modules = [...modules];
  }

  get length(): number {
    return this.#modules.length;
  }

  /** Module i; negative from the end. */
  at(i: number): M | undefined {
    return this.#modules.at(i);
  }

  append(module: M): this {
    this.#modules.push(module);
    return this;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#modules.values();
  }

  /** @throws UsageError always: a list has no order of calls */
  forward(): never {
    throw new UsageError("ModuleList: has no forward; call its modules");
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    for (const [i, module] of this.#modules.entries()) yield [String(i), module];
    yield* super.members();
  }

  protected override replace(name: string, module: Module): boolean {
    if (!(name in this.#modules)) return super.replace(name, module);
    this.#modules[Number(name)] = module as M;
    return true;
  }
}
