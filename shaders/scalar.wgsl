// One function per elementwise op, with PyTorch's semantics; the eager kernels, fused chains and epilogues all call these.
// Names: op_<name>_<dtype> where a dtype needs its own, else op_<name>. T is the kernel's element type; bools are u32 0/1.
// Not for import: the engine pulls single functions out of these files. They have no entry point and no constants.
// Accuracy: 1e-5 relative + 1e-6 absolute over all of f32 (sin, cos: |x| <= 3e4). WGSL allows its own exp, pow, sin and
// tanh far more, and may assume that NaN and Inf do not occur: hence the polynomials and the tests by bit pattern.
// import scalar/bits.wgsl
// import scalar/exponential.wgsl
// import scalar/trigonometry.wgsl
// import scalar/activation.wgsl
// import scalar/arithmetic.wgsl
// import scalar/logic.wgsl
alias T = f32;
