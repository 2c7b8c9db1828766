// A dispatch of the retained step as the Shader and Cost tabs show it.

import { programListing } from "../../../src/gpu/listing.ts";
import type { ShaderView } from "../protocol.ts";
import type { RetainedStep } from "./retained_step.ts";

const listings = new WeakMap<RetainedStep, readonly ShaderView[]>();

/** All dispatches of the step, in the order in which they run. */
export function shaderViews(step: RetainedStep): readonly ShaderView[] {
  let views = listings.get(step);
  if (!views) {
    const { dispatches, pipelines } = programListing(step.program);
    views = dispatches.map(({ at, label, kernel, pipeline, bindings, params, grid, flops, bytes }) => {
      const { file, wgsl, overrides } = pipelines[pipeline];
      const us = step.us?.[at] ?? null;
      const rates = us !== null && us > 0 && step.roofs ? step.roofs : null;
      return {
        ...{ at, file, label, kernel, wgsl, overrides, params, bindings, grid, flops, bytes, us },
        gflops: rates && flops / (us! * 1000) / rates.gflops,
        gbs: rates && bytes / (us! * 1000) / rates.gbs,
      };
    });
    listings.set(step, views);
  }
  return views;
}
