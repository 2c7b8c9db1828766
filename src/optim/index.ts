// The `optim` namespace.

export { Adadelta, type AdadeltaOptions } from "./adadelta.ts";
export { Adagrad, type AdagradOptions } from "./adagrad.ts";
export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { Adamax, type AdamaxOptions } from "./adamax.ts";
export { type ClipOptions, clipGradNorm } from "./clip.ts";
export { type EmaOptions, ExponentialMovingAverage } from "./ema.ts";
export { GradScaler, type GradScalerOptions, type GradScalerState } from "./grad_scaler.ts";
export { type GroupRule, parameterGroups } from "./groups.ts";
export { type Closure, LBFGS, type LBFGSOptions } from "./lbfgs.ts";
export { Lion, type LionOptions } from "./lion.ts";
export { Muon, type MuonOptions } from "./muon.ts";
export { NAdam, type NAdamOptions } from "./nadam.ts";
export {
  type AnyOptimizer,
  type GatedOptimizer,
  Optimizer,
  type OptimizerState,
  type ParamGroup,
} from "./optimizer.ts";
export { type PlateauOptions, type PlateauState, ReduceLROnPlateau } from "./plateau.ts";
export { RAdam, type RAdamOptions } from "./radam.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
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
export { CosineAnnealingWarmRestarts, OneCycleLR, type OneCycleOptions } from "./schedule_cycle.ts";
export { ConstantLR, PolynomialLR, SequentialLR } from "./schedule_parts.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
