// Outputs of modules inside a model, by their paths (torchvision's create_feature_extractor).

import { OptionError, UsageError } from "../gpu/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * A model whose forward gives what the named modules gave: `new FeatureExtractor(resnet, ["layer3"]).forward(x).layer3`. It shares
 * the model's parameters, under `model.` in its state dict. The whole model runs; inside `compile` what the features do not need is
 * dropped. A module that runs several times gives its last output.
 *
 * @throws OptionError for a path without a module; UsageError if a named module did not run
 */
export class FeatureExtractor<M extends Module = Module> extends Module {
  readonly #paths: readonly string[];

  constructor(
    readonly model: M,
    paths: readonly string[],
  ) {
    super();
    if (paths.length === 0) throw new OptionError("FeatureExtractor: no module named");
    for (const path of paths) model.getSubmodule(path);
    this.#paths = [...paths];
  }

  /** The model's inputs -> the outputs by path. */
  forward(...inputs: Parameters<M["forward"]>): Record<string, Tensor> {
    const found = new Map<string, Tensor>();
    const handles = this.#paths.map((path) =>
      this.model.getSubmodule(path).registerForwardHook((_, __, output) => {
        found.set(path, output as Tensor);
      }),
    );
    try {
      this.model.forward(...inputs);
    } finally {
      for (const h of handles) h.remove();
    }
    const idle = this.#paths.filter((path) => !found.has(path));
    if (idle.length > 0) throw new UsageError(`FeatureExtractor: did not run: ${idle.join(", ")}`);
    return Object.fromEntries(this.#paths.map((path) => [path, found.get(path)!]));
  }
}
