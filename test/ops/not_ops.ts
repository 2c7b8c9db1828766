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
    /^(conv2d_kernels|conv2d_direct|conv2d_naive|reduce_fold)\.ts$/,
    "dispatches of conv2d and of the reductions",
  ],
  [
    /^(elementwise|operand|merge_axes|strided_copy|chain)\.ts$/,
    "what elementwise and copying ops are made with",
  ],
  [/^cross_entropy_gradient\.ts$/, "the gradient of crossEntropy: its row has both orders"],
  [/^optimizer(_steps)?\.ts$/, "updates parameters in place and has no gradient: test/optim"],
  [/^recurrent(_composition)?\.ts$/, "arguments and compositions of lstm, gru and rnn"],
  [/^loss_reduction\.ts$/, "the end of every loss: the rows of the losses take each reduction"],
];

/** Modules that are being written: whoever writes one adds its rows and takes it out here. */
export const ARRIVING: readonly (readonly [file: RegExp, reason: string])[] = [
  [
    /^(adaptive_pool_nd|pool_nd|lp_pool|max_unpool|conv_nd|conv_transpose|unfold|pixel_shuffle)\.ts$/,
    "more layers",
  ],
  [/^(affine_grid|grid_sample|interpolate|interpolate_taps)\.ts$/, "sampling of images"],
  [/^(attention|attention_composition)\.ts$/, "sequences"],
  [
    /^(cumulative|cumulative_max|linear_scan|sort|quantile|histogram|product|vector_norm)\.ts$/,
    "sorting and scans",
  ],
  [/^(checkpoint|transforms|define_kernel)\.ts$/, "functions of functions: tests of their own"],
];

/** Single functions. */
export const FUNCTIONS: Readonly<Record<string, string>> = {
  unary: "makes ops of a WGSL function",
  binary: "makes ops of a WGSL function",
  numbers: "checks dtypes",
  noBool: "checks dtypes",
  signedDType: "checks dtypes",
  AxisMap: "a sparse matrix as a table",
  copies: "makes an AxisMap",
  applyAxisMap: "the op behind pad's modes",
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
  gatherRows: "the op behind gather, indexSelect and embedding",
  scatterRows: "the op behind scatterAdd and indexAdd",
  maxPool: "maxPool2d and adaptiveMaxPool2d with their geometry",
  maxPool2dBackward: "the gradient of maxPool2d: its row has both orders",
  maxPool2dGather: "the second gradient of maxPool2d",
  avgPool: "avgPool2d and adaptiveAvgPool2d with their geometry",
  avgPool2dBackward: "the gradient of avgPool2d: its row has both orders",
  dropoutBackward: "the gradient of dropout: its row has both orders",
};
