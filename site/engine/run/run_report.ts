// What the page is told of a run: its sizes when it begins, then where it stands.

import { INPUT } from "../batches.ts";
import type { Network } from "../network.ts";
import type { Progress, RunInfo } from "../protocol.ts";
import type { Run } from "./run.ts";

export function infoOf({ config, pictures, model, compiled, stepsPerEpoch, totalSteps }: Network): RunInfo {
  const { train, validation, test, classes } = pictures;
  return {
    ...{ config, classes, inputShape: INPUT },
    counts: { train: train.count, validation: validation.count, test: test.count },
    ...{ stepsPerEpoch, totalSteps },
    parameters: model.parameters().reduce((n, p) => n + p.size, 0),
    dispatches: compiled.programs[0]!.dispatches.length,
  };
}

export function progressOf(run: Run): Omit<Progress, "points" | "validation"> {
  const { state, step, message, network, loop } = run;
  const images = state === "running" ? loop.speed.perSecond : 0;
  const { liveBytes, pooledBytes } = network.device.memory();
  return {
    ...{ state, step, message, ...run.calls },
    imagesPerSecond: images,
    eta: images > 0 ? ((network.totalSteps - step) * network.batch) / images : null,
    gpuBytes: liveBytes + pooledBytes,
  };
}
