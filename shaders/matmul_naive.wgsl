// y[batch, m, n] = op(a)[batch, m, k] x op(b)[batch, k, n] (+ bias[n]): one thread an output, a plain sum over k.
// The first rung of the ladder and the oracle of the others: obviously right, any size, f32 or i32. Every multiply-add
// loads two values; matmul_tiled.wgsl loads each once a workgroup.
// Grid: 1-D folded, ceil(params.count / WG) workgroups; count = batches * m * n.

// @variant T=i32
// @variant TRANS_A=true TRANS_B=true HAS_BIAS=true

struct Params {
  m: u32, n: u32, k: u32, count: u32,
  d1: u32, d2: u32, // batch = (i0 * d1 + i1) * d2 + i2
  a0: u32, a1: u32, a2: u32, // elements of a from one i0 (i1, i2) to the next; 0 where a is broadcast
  b0: u32, b1: u32, b2: u32,
}

alias T = f32;

@group(0) @binding(0) var<storage, read> a: array<T>; // [.., m, k], or [.., k, m] if TRANS_A
@group(0) @binding(1) var<storage, read> b: array<T>; // [.., k, n], or [.., n, k] if TRANS_B
@group(0) @binding(2) var<storage, read> bias: array<T>; // [n]
@group(0) @binding(3) var<storage, read_write> y: array<T>; // [.., m, n]
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const TRANS_A: bool = false;
const TRANS_B: bool = false;
const HAS_BIAS: bool = false;

fn epilogue(v: T, i: u32) -> T { return v; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.count) { return; }
  let col = i % params.n;
  let row = (i / params.n) % params.m;
  let batch = i / params.n / params.m;
  let i0 = batch / (params.d1 * params.d2);
  let i1 = (batch / params.d2) % params.d1;
  let i2 = batch % params.d2;
  let a_row = i0 * params.a0 + i1 * params.a1 + i2 * params.a2 + row * select(params.k, 1u, TRANS_A);
  let b_col = i0 * params.b0 + i1 * params.b1 + i2 * params.b2 + col * select(1u, params.k, TRANS_B);
  let a_step = select(1u, params.m, TRANS_A);
  let b_step = select(params.n, 1u, TRANS_B);
  var sum = T(0);
  for (var kk = 0u; kk < params.k; kk++) {
    sum += a[a_row + kk * a_step] * b[b_col + kk * b_step];
  }
  if (HAS_BIAS) { sum += bias[col]; }
  y[i] = epilogue(sum, i);
}
