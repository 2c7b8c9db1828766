// The `optim` namespace.

export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { type ClipOptions, clipGradNorm } from "./clip.ts";
export { Optimizer, type OptimizerState, type ParamGroup } from "./optimizer.ts";
export {
  CosineAnnealingLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiStepLR,
  Schedule,
  type ScheduleState,
  StepLR,
  WarmupCosineLR,
} from "./schedule.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
