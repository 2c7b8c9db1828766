// The namespace `F`: torch.nn.functional's names in camelCase, listed by hand. Plain arithmetic is exported by the entry.

export {
  elu,
  gelu,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from "../kernels/activation.ts";
export {
  celu,
  hardsigmoid,
  hardswish,
  hardtanh,
  prelu,
  relu6,
  selu,
} from "../kernels/activation_hard.ts";
export { logSigmoid, mish, softsign } from "../kernels/activation_smooth.ts";
export {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  globalAvgPool,
  globalMaxPool,
} from "../kernels/adaptive_pool.ts";
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool3d,
} from "../kernels/adaptive_pool_nd.ts";
export { affineGrid } from "../kernels/affine_grid.ts";
export { type AttentionOptions, scaledDotProductAttention } from "../kernels/attention.ts";
export { avgPool2d } from "../kernels/avg_pool.ts";
export { batchNorm } from "../kernels/batch_norm.ts";
export { conv1d, conv3d } from "../kernels/conv_nd.ts";
export { convTranspose1d, convTranspose2d, convTranspose3d } from "../kernels/conv_transpose.ts";
export { conv2d } from "../kernels/conv2d.ts";
export { dropout } from "../kernels/dropout.ts";
export { embedding } from "../kernels/embedding.ts";
export { gridSample } from "../kernels/grid_sample.ts";
export { groupNorm, type InstanceNormOptions, instanceNorm } from "../kernels/group_norm.ts";
export { gru } from "../kernels/gru.ts";
export { interpolate } from "../kernels/interpolate.ts";
export { layerNorm } from "../kernels/layer_norm.ts";
export { linear } from "../kernels/linear.ts";
export { localResponseNorm } from "../kernels/local_response_norm.ts";
export { lpPool1d, lpPool2d, lpPool3d } from "../kernels/lp_pool.ts";
export { lstm } from "../kernels/lstm.ts";
export { maxPool2d } from "../kernels/max_pool.ts";
export { maxUnpool1d, maxUnpool2d, maxUnpool3d } from "../kernels/max_unpool.ts";
export { oneHot } from "../kernels/one_hot.ts";
export { pad } from "../kernels/pad.ts";
export { channelShuffle, pixelShuffle, pixelUnshuffle } from "../kernels/pixel_shuffle.ts";
export { avgPool1d, avgPool3d, maxPool1d, maxPool3d } from "../kernels/pool_nd.ts";
export { rmsNorm } from "../kernels/rms_norm.ts";
export { rnn } from "../kernels/rnn.ts";
export { logSoftmax, softmax } from "../kernels/softmax.ts";
export { type SpectralNormOptions, spectralNorm } from "../kernels/spectral_norm.ts";
export { fold, unfold } from "../kernels/unfold.ts";
export { weightNorm } from "../kernels/weight_norm.ts";
export { boxIou, giou as giouLoss, iou as iouLoss } from "./box_loss.ts";
export { infoNce as infoNceLoss, ntXent as ntXentLoss } from "./contrastive_loss.ts";
export { ctc as ctcLoss } from "./ctc_loss.ts";
export {
  gaussianNll as gaussianNllLoss,
  klDiv as klDivLoss,
  poissonNll as poissonNllLoss,
} from "./distribution_loss.ts";
export { type GradientPenaltyOptions, gradientPenalty } from "./gradient_penalty.ts";
export {
  bce as binaryCrossEntropy,
  bceWithLogits as binaryCrossEntropyWithLogits,
  crossEntropy,
  huber as huberLoss,
  l1 as l1Loss,
  mse as mseLoss,
  nll as nllLoss,
  smoothL1 as smoothL1Loss,
} from "./loss.ts";
export {
  cosineEmbedding as cosineEmbeddingLoss,
  hinge as hingeLoss,
  hingeEmbedding as hingeEmbeddingLoss,
  marginRanking as marginRankingLoss,
  multiMargin as multiMarginLoss,
  tripletMargin as tripletMarginLoss,
} from "./margin_loss.ts";
export {
  dice as diceLoss,
  focal as focalLoss,
  generalizedDice as generalizedDiceLoss,
  softmaxFocal as softmaxFocalLoss,
  tversky as tverskyLoss,
} from "./overlap_loss.ts";
export { cosineSimilarity, normalize, pairwiseDistance } from "./similarity.ts";
export { ssim } from "./ssim.ts";
