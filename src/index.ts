// The entry `wgrad`: everything public, listed by hand. Under Node import `wgrad/node`, which differs in
// requestDevice.

import "./fluent.ts";

// Device

export type { AdapterSummary } from "./gpu/adapter_summary.ts";
export { type ChromeTrace, chromeTrace } from "./gpu/chrome_trace.ts";
export { currentDevice, Device, type DeviceOptions, withDevice } from "./gpu/device.ts";
export * from "./gpu/errors.ts";
export { grid1d, kernel } from "./gpu/kernel.ts";
export {
  type ListedBinding,
  type ListedDispatch,
  type ListedPipeline,
  type ListedTime,
  type ListingOptions,
  type ListingTotals,
  type ProgramListing,
  programListing,
  type Roofs,
} from "./gpu/listing.ts";
export type { MemoryReport } from "./gpu/pool.ts";
export type { ProfileRow } from "./gpu/profiler.ts";
export type { Program } from "./gpu/program.ts";
export type { Tuning } from "./gpu/tuning.ts";
export { parseTuningTable, type TuningEntries, type TuningTable, tuningTable } from "./gpu/tuning_table.ts";
export type { AdapterKind, RequestOptions } from "./hosts/adapter.ts";
export { requestDevice } from "./hosts/browser.ts";

// Tensors and gradients

export { checkpoint } from "./functional/checkpoint.ts";
export {
  gradOf,
  hessian,
  hvp,
  jacobian,
  jvp,
  type TransformOptions,
  type ValueAndGradOptions,
  valueAndGrad,
  vjp,
} from "./functional/transforms.ts";
export { type AutocastOptions, autocast } from "./tensor/autocast.ts";
export { type BackwardOptions, backward, type GradOptions, grad } from "./tensor/autograd.ts";
export { type Compiled, type CompileOptions, compile, type HostArray } from "./tensor/compile.ts";
export {
  arange,
  type CreateOptions,
  emptyLike,
  full,
  fullLike,
  hostScalar,
  linspace,
  ones,
  onesLike,
  type RandomOptions,
  rand,
  randLike,
  randn,
  randnLike,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from "./tensor/create.ts";
export type { DType, TypedArray } from "./tensor/dtype.ts";
export { enableGrad, gradEnabled, noGrad } from "./tensor/mode.ts";
export { op } from "./tensor/op.ts";
export { buffer, Parameter, parameter, skipInit } from "./tensor/parameter.ts";
export { Generator, type GeneratorState } from "./tensor/philox.ts";
export { defaultGenerator, manualSeed } from "./tensor/random.ts";
export { keep, scope } from "./tensor/scope.ts";
export type { Shape } from "./tensor/shape.ts";
export { empty, Tensor } from "./tensor/tensor.ts";

// Ops

export { all, any } from "./kernels/any_all.ts";
export { argmax, argmin } from "./kernels/arg_reduce.ts";
export {
  hstack,
  type MeshgridOptions,
  meshgrid,
  movedim,
  repeatInterleave,
  tile,
  unbind,
  vstack,
} from "./kernels/arrange.ts";
export { add, div, mul, sub } from "./kernels/binary.ts";
export {
  bitwiseAnd,
  bitwiseLeftShift,
  bitwiseNot,
  bitwiseOr,
  bitwiseRightShift,
  bitwiseXor,
} from "./kernels/bitwise.ts";
export { addcdiv, addcmul, lerp } from "./kernels/blend.ts";
export { broadcastTo } from "./kernels/broadcast.ts";
export { cast } from "./kernels/cast.ts";
export { eq, ge, gt, le, logicalAnd, logicalNot, logicalOr, logicalXor, lt, ne } from "./kernels/compare.ts";
export { cat, stack } from "./kernels/concat.ts";
export { cumprod, cumsum, logcumsumexp } from "./kernels/cumulative.ts";
export { cummax, cummin } from "./kernels/cumulative_max.ts";
export { type DefineKernelOptions, defineKernel } from "./kernels/define_kernel.ts";
export { type DiagonalOptions, diag, diagEmbed, diagonal } from "./kernels/diagonal.ts";
export { bernoulli, multinomial, randint, randintLike, randperm } from "./kernels/draw.ts";
export { einsum } from "./kernels/einsum.ts";
export { expand, repeat } from "./kernels/expand.ts";
export { clamp, maximum, minimum } from "./kernels/extremes.ts";
export { eye } from "./kernels/eye.ts";
export { isfinite, isinf, isnan, nanToNum } from "./kernels/finite.ts";
export { flip } from "./kernels/flip.ts";
export { gather, indexSelect } from "./kernels/gather.ts";
export { bincount, histc } from "./kernels/histogram.ts";
export { type IndexPutOptions, indexPut } from "./kernels/index_put.ts";
export { logsumexp } from "./kernels/logsumexp.ts";
export { maskedFill, maskedSelect } from "./kernels/masked.ts";
export { matmul } from "./kernels/matmul.ts";
export { permute, transpose } from "./kernels/permute.ts";
export { fmod, pow, remainder } from "./kernels/power.ts";
export { prod } from "./kernels/product.ts";
export { type AddProductOptions, addmm, baddbmm, bmm, dot, mv, outer } from "./kernels/products.ts";
export { median, medianWithIndices, quantile } from "./kernels/quantile.ts";
export { mean, sum } from "./kernels/reduce.ts";
export { amax, amin, max, maxWithIndices, min, minWithIndices } from "./kernels/reduce_max.ts";
export { flatten, reshape, squeeze, unflatten, unsqueeze } from "./kernels/reshape.ts";
export { roll } from "./kernels/roll.ts";
export { indexAdd, scatterAdd } from "./kernels/scatter.ts";
export { scatter, takeAlongDim } from "./kernels/scatter_write.ts";
export { narrow, select, slice } from "./kernels/slice.ts";
export { argsort, sort, topk } from "./kernels/sort.ts";
export { chunk, split } from "./kernels/split.ts";
export { tril, triu } from "./kernels/triangle.ts";
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cosh,
  hypot,
  sinh,
  tan,
} from "./kernels/trigonometry.ts";
export {
  abs,
  ceil,
  cos,
  erf,
  erfc,
  exp,
  exp2,
  expm1,
  floor,
  frac,
  log,
  log1p,
  log2,
  neg,
  reciprocal,
  round,
  rsqrt,
  sign,
  sin,
  sqrt,
  square,
  trunc,
} from "./kernels/unary.ts";
export { std, variance } from "./kernels/variance.ts";
export { countNonzero, norm } from "./kernels/vector_norm.ts";
export { where } from "./kernels/where.ts";

// Dense linear algebra on the CPU in float64

export { cholesky, det, inverse, type Matrix, type MatrixLike, solve } from "./functional/dense.ts";
export { type Eigen, eigh, type Svd, svd } from "./functional/dense_eigen.ts";

// Namespaces

export * as F from "./functional/index.ts";
export * as nn from "./layers/index.ts";
export * as models from "./models/index.ts";
export * as optim from "./optim/index.ts";
export * as baselines from "./train/baselines/index.ts";

// Data, training, files. Readers of formats, data sets and texts: `wgrad/data`

export { ArrayDataset, type Batch, type Dataset, type Field, randomSplit, Subset } from "./data/dataset.ts";
export { readIdx } from "./data/formats/idx.ts";
export { DataLoader, type LoaderOptions, type LoaderState, type Transform } from "./data/loader.ts";
export { digitDataset, loadMnist, MNIST_MEAN, MNIST_STD, type Mnist } from "./data/sets/mnist.ts";
export { type AffineOptions, affine, randomAffine } from "./data/transforms/augment.ts";
export { standardize } from "./data/transforms/standardize.ts";
export { type Exported, type ExportOptions, exportPrograms } from "./io/program_file.ts";
export {
  readSafetensors,
  type SafeFile,
  type SafeTensor,
  toF32,
  toI32,
  toI64,
  writeSafetensors,
} from "./io/safetensors.ts";
export { readStateDict } from "./io/state_dict.ts";
export { readTfjsWeights, type TfjsWeight, tfjsShards } from "./io/tfjs.ts";
export {
  loadCheckpoint,
  type RunParts,
  type SavedProgress,
  saveCheckpoint,
  weightsSha256,
} from "./train/checkpoint.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./train/early_stopping.ts";
export { LossMean } from "./train/finite.ts";
export { type Callback, evaluate, type FitOptions, type FitResult, fit } from "./train/fit.ts";
export {
  attentionWeights,
  meanRollout as meanAttentionRollout,
  rollout as attentionRollout,
} from "./train/rollout.ts";
export {
  drawToken,
  type WriteOptions as WriteTokensOptions,
  type Writer as TokenWriter,
  write as writeTokens,
} from "./train/sampling.ts";

// Metrics: counted on the device over batches

export { Accuracy, ConfusionMatrix, MeanMetric } from "./train/metrics/counting.ts";

// Metrics: of arrays on the host, in float64

export {
  averagePrecision,
  type PrecisionRecall,
  precisionRecall,
} from "./train/metrics/average_precision.ts";
export { type BootstrapOptions, bootstrapInterval } from "./train/metrics/bootstrap.ts";
export {
  crossFitTemperature,
  expectedCalibrationError,
  fitTemperature,
  type JudgedLogits,
  probabilitiesOf,
  type ReliabilityBin,
  reliabilityBins,
} from "./train/metrics/calibration.ts";
export {
  type ErrorRates,
  editDistance,
  errorRates,
  type Written as WrittenSequence,
} from "./train/metrics/edit_distance.ts";
export {
  frechetDistance,
  type Moments as FeatureMoments,
  moments as featureMoments,
} from "./train/metrics/frechet.ts";
export {
  diceOf,
  iouOf,
  type Overlap as MaskOverlap,
  overlap as maskOverlap,
  overlaps as maskOverlaps,
  pooled as pooledOverlap,
} from "./train/metrics/overlap.ts";
export { auc, type Operating as OperatingPoint, operatingAt, rocCurve, youden } from "./train/metrics/roc.ts";
