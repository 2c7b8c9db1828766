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
export { adaptiveAvgPool2d, adaptiveMaxPool2d } from "../kernels/adaptive_pool.ts";
export { avgPool2d } from "../kernels/avg_pool.ts";
export { batchNorm } from "../kernels/batch_norm.ts";
export { conv2d } from "../kernels/conv2d.ts";
export { dropout } from "../kernels/dropout.ts";
export { embedding } from "../kernels/embedding.ts";
export { layerNorm } from "../kernels/layer_norm.ts";
export { linear } from "../kernels/linear.ts";
export { maxPool2d } from "../kernels/max_pool.ts";
export { oneHot } from "../kernels/one_hot.ts";
export { pad } from "../kernels/pad.ts";
export { logSoftmax, softmax } from "../kernels/softmax.ts";
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
