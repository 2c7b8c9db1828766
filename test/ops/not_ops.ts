// What src/kernels and src/functional export that needs no row in the op table, and why. ops.test.ts fails on an export
// that is neither here nor in the table.

/** Modules that hold no op. */
export const MODULES: readonly (readonly [file: RegExp, reason: string])[] = [
  [/_(run|launch)\.ts$/, "dispatches of the op beside it"],
  [
    /_(geometry|layout|plan|batch|rows|options|check|tiles|variants)\.ts$/,
    "shapes, plans and checks: numbers only",
  ],
  [
    /^(conv2d_kernels|conv2d_partials|conv2d_direct|conv2d_quad|conv2d_naive|conv_depthwise|reduce_fold)\.ts$/,
    "dispatches of conv2d and of the reductions",
  ],
  [
    /^(elementwise|operand|merge_axes|strided_copy|chain)\.ts$/,
    "what elementwise and copying ops are made with",
  ],
  [/^interpolate_taps\.ts$/, "tables of interpolate: numbers only"],
  [/^cross_entropy_gradient\.ts$/, "the gradient of crossEntropy: its row has both orders"],
  [/^(optimizer(_steps)?|step_control)\.ts$/, "updates parameters in place and has no gradient: test/optim"],
  [/^recurrent(_composition)?\.ts$/, "arguments and compositions of lstm, gru and rnn"],
  [
    /^dense(_eigen|_matrix)?\.ts$/,
    "on the host in float64, without gradients: test/functional/dense.test.ts",
  ],
  [/^grid_sample_composition\.ts$/, "gridSample in plain ops: the second gradients of its row"],
  [/^attention_composition\.ts$/, "attention in plain ops: the second gradients of its rows"],
  [/^(checkpoint|transforms|define_kernel|gradient_penalty)\.ts$/, "functions of functions: test/functional"],
  [/^roofs\.ts$/, "measures an adapter: test/inspect.test.ts"],
  [
    /^(tuning(_family|_names|_trial)?|trial_\w+|\w+_(choices|trial))\.ts$/,
    "choose among variants of ops and measure them: test/tuning.test.ts",
  ],
  [
    /^conv2d_(implicit|pointwise|winograd)\.ts$/,
    "dispatches of conv2d that GPUs or a tuning table ask for: test/kernels/conv2d.test.ts",
  ],
  [/^loss_reduction\.ts$/, "the end of every loss: the rows of the losses take each reduction"],
];

/** Modules that are being written: whoever writes one adds its rows and takes it out here. */
export const ARRIVING: readonly (readonly [file: RegExp, reason: string])[] = [];

/** Single functions. */
export const FUNCTIONS: Readonly<Record<string, string>> = {
  attend: "the op behind scaledDotProductAttention and projectedAttention",
  attentionWithWeights: "scaledDotProductAttention in plain ops: test/kernels/attention.test.ts",
  unary: "makes ops of a WGSL function",
  binary: "makes ops of a WGSL function",
  composeCtc: "ctc in plain ops: its row differentiates it",
  ctcLosses: "ctc without its reductions",
  maskedSelect: "asynchronous; its parts have rows: test/kernels/arrange.test.ts",
  lengthsOf: "the norms that weightNorm divides by",
  lengthShape: "the shape of g in weightNorm",
  numbers: "checks dtypes",
  noBool: "checks dtypes",
  signedDType: "checks dtypes",
  AxisMap: "a sparse matrix as a table",
  copies: "makes an AxisMap",
  applyAxisMap:
    "the op behind pad's modes, interpolate, unfold, fold and conv3d: their rows have both orders",
  tapMap: "makes an AxisMap",
  single: "adds the batch axis",
  asColumn: "reshape for the poolings of one axis",
  boxShape: "shapes of the poolings of three axes",
  boxShapes: "shapes of the poolings of three axes",
  maxPoolBox: "maxPool3d and adaptiveMaxPool3d with their geometry",
  padBorder: "pad with a mode",
  shaped: "reshape under another op's name",
  repeated: "checks shapes",
  copyPart: "the copy behind cat and split",
  checkIndex: "checks dtypes",
  isRelu: "checks an option of rnn",
  checkFits: "checks shapes",
  checkClasses: "checks shapes",
  rowsOf: "shapes of gather and scatter",
  cropped: "narrow on several axes",
  axisSize: "a number",
  lastWriter: "the last writers that scatter and indexPut choose: not differentiable",
  finishHook: "text of a hook",
  inF32: "runs an op in f32 on f16 tensors",
  linearGradients: "both gradients of linear, whose row has both orders",
  conv2dParameterGradients: "two gradients of conv2d, whose row has both orders",
  gatherOrZero: "gather without its check of indices",
  indexSelectOrZero: "indexSelect without its check of indices",
  oneHotOrZero: "oneHot without its check of ids",
  gatherRows: "the op behind gather, indexSelect and embedding",
  scatterRows: "the op behind scatterAdd and indexAdd",
  maxPool: "maxPool2d and adaptiveMaxPool2d with their geometry",
  maxPool2dBackward: "the gradient of maxPool2d: its row has both orders",
  maxPool2dGather: "the second gradient of maxPool2d",
  avgPool: "avgPool2d and adaptiveAvgPool2d with their geometry",
  avgPool2dBackward: "the gradient of avgPool2d: its row has both orders",
  runningProduct: "cumprod from either end: the gradient of prod",
  neighbour: "pad by one along an axis",
  order: "argsort along a resolved axis",
  randintLike: "randint with the shape of a tensor: test/layers/further.test.ts",
  dropoutBackward: "the gradient of dropout: its row has both orders",
};
