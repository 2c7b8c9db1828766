// y = c ? a : b with NumPy broadcasting; a and b may be numbers in the params. Axes as in binary_broadcast.wgsl.
// A, B are the stored types, T that of the result. Grid: one thread per four elements of y, folded into y.
alias A = f32;
alias B = f32;
alias T = f32;

@group(0) @binding(0) var<storage, read> c: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> a: array<vec4<A>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<B>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<T>>;

struct Params {
  n: u32, a_value: f32, a_bits: u32, b_value: f32, b_bits: u32,
  s0: u32, s1: u32, s2: u32, s3: u32, s4: u32, s5: u32, s6: u32,
  c0: u32, c1: u32, c2: u32, c3: u32, c4: u32, c5: u32, c6: u32, c_outer: u32,
  a0: u32, a1: u32, a2: u32, a3: u32, a4: u32, a5: u32, a6: u32, a_outer: u32,
  b0: u32, b1: u32, b2: u32, b3: u32, b4: u32, b5: u32, b6: u32, b_outer: u32,
}
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const INTEGER: bool = false;
// Axes after merging, at most 8; 1 where nothing broadcasts.
const RANK: u32 = 1u;
// Where an operand comes from: 0 a tensor like y, 1 a tensor of one element, 2 the params, 3 a tensor that broadcasts.
const C_FROM: u32 = 0u;
const A_FROM: u32 = 0u;
const B_FROM: u32 = 0u;
// @variant RANK=8 C_FROM=3 A_FROM=3 B_FROM=3
// @variant A_FROM=1 B_FROM=2 A=u32 T=i32 INTEGER=true

// Offsets in c, a, b, and the index over the axes that are left; takes off one axis.
fn axis(s: vec4<u32>, size: u32, strides: vec3<u32>) -> vec4<u32> {
  let rest = s.w / size;
  return vec4<u32>(s.xyz + (s.w - rest * size) * strides, rest);
}
fn offsets(i: u32) -> vec3<u32> {
  var s = vec4<u32>(0u, 0u, 0u, i);
  if (RANK > 1u) { s = axis(s, params.s0, vec3<u32>(params.c0, params.a0, params.b0)); }
  if (RANK > 2u) { s = axis(s, params.s1, vec3<u32>(params.c1, params.a1, params.b1)); }
  if (RANK > 3u) { s = axis(s, params.s2, vec3<u32>(params.c2, params.a2, params.b2)); }
  if (RANK > 4u) { s = axis(s, params.s3, vec3<u32>(params.c3, params.a3, params.b3)); }
  if (RANK > 5u) { s = axis(s, params.s4, vec3<u32>(params.c4, params.a4, params.b4)); }
  if (RANK > 6u) { s = axis(s, params.s5, vec3<u32>(params.c5, params.a5, params.b5)); }
  if (RANK > 7u) { s = axis(s, params.s6, vec3<u32>(params.c6, params.a6, params.b6)); }
  return s.xyz + s.w * vec3<u32>(params.c_outer, params.a_outer, params.b_outer);
}

fn a_number() -> T { return select(T(params.a_value), bitcast<T>(params.a_bits), INTEGER); }
fn b_number() -> T { return select(T(params.b_value), bitcast<T>(params.b_bits), INTEGER); }

fn at_c(o: u32) -> bool { return c[o >> 2u][o & 3u] != 0u; }
fn at_a(o: u32) -> T { return T(a[o >> 2u][o & 3u]); }
fn at_b(o: u32) -> T { return T(b[o >> 2u][o & 3u]); }
fn load_c(i: u32, o: vec4<u32>) -> vec4<bool> {
  if (C_FROM == 0u) { return c[i] != vec4<u32>(); }
  if (C_FROM == 1u) { return vec4<bool>(c[0].x != 0u); }
  return vec4<bool>(at_c(o.x), at_c(o.y), at_c(o.z), at_c(o.w));
}
fn load_a(i: u32, o: vec4<u32>) -> vec4<T> {
  if (A_FROM == 0u) { return vec4<T>(a[i]); }
  if (A_FROM == 1u) { return vec4<T>(T(a[0].x)); }
  if (A_FROM == 2u) { return vec4<T>(a_number()); }
  return vec4<T>(at_a(o.x), at_a(o.y), at_a(o.z), at_a(o.w));
}
fn load_b(i: u32, o: vec4<u32>) -> vec4<T> {
  if (B_FROM == 0u) { return vec4<T>(b[i]); }
  if (B_FROM == 1u) { return vec4<T>(T(b[0].x)); }
  if (B_FROM == 2u) { return vec4<T>(b_number()); }
  return vec4<T>(at_b(o.x), at_b(o.y), at_b(o.z), at_b(o.w));
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i * 4u >= params.n) { return; }
  var o = array<vec3<u32>, 4>();
  if (RANK > 1u) { o = array<vec3<u32>, 4>(offsets(i * 4u), offsets(i * 4u + 1u), offsets(i * 4u + 2u), offsets(i * 4u + 3u)); }
  let oc = vec4<u32>(o[0].x, o[1].x, o[2].x, o[3].x);
  let oa = vec4<u32>(o[0].y, o[1].y, o[2].y, o[3].y);
  let ob = vec4<u32>(o[0].z, o[1].z, o[2].z, o[3].z);
  y[i] = select(load_b(i, ob), load_a(i, oa), load_c(i, oc));
}
