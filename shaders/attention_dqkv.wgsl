enable subgroups;
// All gradients of attention in one walk, without a mask: a quad of lanes owns a head of k and v, and takes its keys 4 R at a time:
//   dv_j = sum over i of p[i, j] dy_i,  dk_j = scale * sum over i of dscore[i, j] q_i,  dq_i += scale * dscore[i, j] k_j
// Scores are recomputed once instead of twice, 5 products of t x s x d instead of 7. dq is added up in memory, a row always by the
// same lane, so no order is left to chance. For adapters that are busy with as many quads as there are heads; others:
// attention_dq.wgsl, attention_dkv.wgsl. Grid: a workgroup of four lanes a head of k and v.
// import attention_walk.wgsl
// import attention_quad.wgsl
// @variant DROP=true
// @variant D=20 C=5 JOIN_K=true JOIN_V=true
// @variant VEC=false V=f32 D=20 C=5

@group(0) @binding(3) var<storage, read_write> dq: array<V>;
@group(0) @binding(6) var<storage, read_write> dk: array<V>;
@group(0) @binding(7) var<storage, read_write> dv: array<V>;
@group(0) @binding(8) var<uniform> params: Params;

const JOIN_K: bool = false; // dk stands in dq, at r_0
const JOIN_V: bool = false; // dv stands in dq, at w_0

// Four elements of the row that starts at `at`.
fn put_q(at: u32, c: u32, x: vec4<f32>) {
  let i = at + 4u * c;
  if (VEC) {
    dq[i / 4u] = to_v(x);
  } else {
    // @unroll
    for (var e = 0u; e < 4u; e++) {
      if (4u * c + e < D) { dq[i + e] = to_v(vec4<f32>(x[e])); }
    }
  }
}
fn dq_at(at: u32, c: u32) -> vec4<f32> {
  let i = at + 4u * c;
  if (VEC) { return vec4<f32>(dq[i / 4u]); }
  return tail(vec4<f32>(vec4<f32>(dq[i]).x, vec4<f32>(dq[i + 1u]).x, vec4<f32>(dq[i + 2u]).x, vec4<f32>(dq[i + 3u]).x), c);
}
fn put_k(at: u32, c: u32, x: vec4<f32>) {
  let i = at + 4u * c;
  if (JOIN_K) {
    put_q(at, c, x);
  } else if (VEC) {
    dk[i / 4u] = to_v(x);
  } else {
    // @unroll
    for (var e = 0u; e < 4u; e++) {
      if (4u * c + e < D) { dk[i + e] = to_v(vec4<f32>(x[e])); }
    }
  }
}
fn put_v(at: u32, c: u32, x: vec4<f32>) {
  let i = at + 4u * c;
  if (JOIN_V) {
    put_q(at, c, x);
  } else if (VEC) {
    dv[i / 4u] = to_v(x);
  } else {
    // @unroll
    for (var e = 0u; e < 4u; e++) {
      if (4u * c + e < D) { dv[i + e] = to_v(vec4<f32>(x[e])); }
    }
  }
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32,
) {
  let w = wid.y * nwg.x + wid.x;
  if (w >= params.groups) { return; }
  let heads = params.h / params.group;
  for (var tile = 0u; tile < params.tiles; tile++) { walk(w / heads, w % heads, lane, tile * 4u * R, lid.x); }
}
