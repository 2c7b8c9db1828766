# By which rule of judge.ts each op is held to float64. Every op of the files stands here once.
#
# elementwise  |y - ref| <= 1e-5 |ref| + 1e-6; gradients the same, carried by |dy| and |v| and summed where an input is broadcast
# sums         |y - ref| <= 2e-6 S, gradients 1e-5 S: S is the op of absolute values, its gradients those with |dy| and |v|
# selects      y is exact; gradients 1e-5 S, S with the x of the case (it decides what is selected) and |dy|, |v|
# largest      as sums, with S = max |ref| of the tensor: the op of absolute values has no meaning or another size
# exact        no gradients

RULES = {
    "elementwise": """
        exp exp2 expm1 log log2 log1p sqrt rsqrt reciprocal square sin cos tan asin acos atan sinh cosh tanh asinh acosh
        atanh sigmoid logSigmoid relu relu6 leakyRelu elu selu celu gelu silu mish hardswish hardsigmoid hardtanh softplus
        softsign erf erfc frac atan2 hypot lerp addcmul addcdiv add sub mul div pow fmod remainder""",
    "sums": """
        conv1d conv2d conv3d convTranspose1d convTranspose2d convTranspose3d matmul bmm mv dot outer addmm baddbmm einsum
        avgPool1d avgPool2d avgPool3d adaptiveAvgPool1d adaptiveAvgPool2d adaptiveAvgPool3d globalAvgPool interpolate fold cumsum sum mean
        prod cumprod bincount scatterAdd indexAdd indexPut linear""",
    "selects": """
        neg abs maximum minimum clamp where max min maxWithIndices minWithIndices
        maxPool1d maxPool2d maxPool3d adaptiveMaxPool1d adaptiveMaxPool2d adaptiveMaxPool3d globalMaxPool maxUnpool1d maxUnpool2d
        maxUnpool3d embedding gather takeAlongDim scatter maskedFill maskedSelect indexSelect unfold pixelShuffle
        pixelUnshuffle channelShuffle pad amax amin sort topk cummax cummin median medianWithIndices diagonal diagEmbed diag
        tril triu roll movedim tile repeatInterleave unbind hstack vstack meshgrid reshape flatten unflatten squeeze
        unsqueeze permute transpose expand repeat cat stack split chunk narrow select slice flip nanToNum""",
    "largest": """
        gridSample affineGrid lpPool1d lpPool2d lpPool3d norm logcumsumexp quantile logsumexp variance std clipGradNorm prelu
        softmax logSoftmax crossEntropy nll mse l1 smoothL1 huber bce bceWithLogits klDiv klDivLog poissonNll
        poissonNllRate gaussianNll gaussianNllRaised hinge hingeEmbedding marginRanking multiMargin multiMarginWeight
        cosineEmbedding tripletMargin normalize pairwiseDistance cosineSimilarity ntXent dice generalizedDice tversky focal
        iou giou boxIou infoNce softmaxFocal ctc ssim ssimSmall batchNorm layerNorm groupNorm instanceNorm rmsNorm localResponseNorm weightNorm
        spectralNorm scaledDotProductAttention multiheadAttention LSTM GRU RNN sequential gradientPenalty""",
    "exact": """
        isnan isinf isfinite bitwiseAnd bitwiseOr bitwiseXor bitwiseLeftShift bitwiseRightShift bitwiseNot logicalAnd
        logicalOr logicalXor logicalNot countNonzero argsort histc argmax argmin sign floor ceil round trunc eq ne lt le gt
        ge any all oneHot""",
}
RULE_OF = {op: rule for rule, ops in RULES.items() for op in ops.split()}
