// y = apply(a, b) with NumPy broadcasting. The host merges axes, so [n,c,h,w] + [c,1,1] has three: h*w, c, n.
// Axis k, counted from the innermost, has s<k> elements; a step along it moves a<k> in a, b<k> in b (0: broadcast).
// Equal shapes and single values: binary.wgsl. Grid: one thread per four elements of y, folded into y.
alias A = f32;
alias B = f32;
alias T = f32;
alias R = f32;

@group(0) @binding(0) var<storage, read> a: array<vec4<A>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<B>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<R>>;

struct Params {
  n: u32, p: f32, q: f32,
  s0: u32, s1: u32, s2: u32, s3: u32, s4: u32, s5: u32, s6: u32,
  a0: u32, a1: u32, a2: u32, a3: u32, a4: u32, a5: u32, a6: u32, a_outer: u32,
  b0: u32, b1: u32, b2: u32, b3: u32, b4: u32, b5: u32, b6: u32, b_outer: u32,
}
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;
// Axes after merging, at least 2, at most 8.
const RANK: u32 = 2u;
// The innermost size is a multiple of 4: the four elements of a thread differ in the innermost axis only.
const ALIGNED: bool = true;
// The operand has y's shape.
const A_LINEAR: bool = false;
const B_LINEAR: bool = false;
// @variant RANK=8 ALIGNED=false
// @variant RANK=3 ALIGNED=false A_LINEAR=true

// Replaced by the op.
fn apply(a: T, b: T, p: f32, q: f32) -> R { return R(a + b); }

// s = (offset in a, offset in b, index over the axes that are left); takes off one axis.
fn axis(s: vec3<u32>, size: u32, step_a: u32, step_b: u32) -> vec3<u32> {
  let rest = s.z / size;
  let k = s.z - rest * size;
  return vec3<u32>(s.x + k * step_a, s.y + k * step_b, rest);
}
fn offsets(i: u32) -> vec2<u32> {
  var s = axis(vec3<u32>(0u, 0u, i), params.s0, params.a0, params.b0);
  if (RANK > 2u) { s = axis(s, params.s1, params.a1, params.b1); }
  if (RANK > 3u) { s = axis(s, params.s2, params.a2, params.b2); }
  if (RANK > 4u) { s = axis(s, params.s3, params.a3, params.b3); }
  if (RANK > 5u) { s = axis(s, params.s4, params.a4, params.b4); }
  if (RANK > 6u) { s = axis(s, params.s5, params.a5, params.b5); }
  if (RANK > 7u) { s = axis(s, params.s6, params.a6, params.b6); }
  return s.xy + s.z * vec2<u32>(params.a_outer, params.b_outer);
}

fn at_a(o: u32) -> A { return a[o >> 2u][o & 3u]; }
fn at_b(o: u32) -> B { return b[o >> 2u][o & 3u]; }
fn load_a(i: u32, o: vec4<u32>) -> vec4<T> {
  if (A_LINEAR) { return vec4<T>(a[i]); }
  if (!ALIGNED) { return vec4<T>(T(at_a(o.x)), T(at_a(o.y)), T(at_a(o.z)), T(at_a(o.w))); }
  if (params.a0 == 1u) { return vec4<T>(a[o.x >> 2u]); }
  return vec4<T>(T(at_a(o.x)));
}
fn load_b(i: u32, o: vec4<u32>) -> vec4<T> {
  if (B_LINEAR) { return vec4<T>(b[i]); }
  if (!ALIGNED) { return vec4<T>(T(at_b(o.x)), T(at_b(o.y)), T(at_b(o.z)), T(at_b(o.w))); }
  if (params.b0 == 1u) { return vec4<T>(b[o.x >> 2u]); }
  return vec4<T>(T(at_b(o.x)));
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i * 4u >= params.n) { return; }
  let first = offsets(i * 4u);
  var oa = vec4<u32>(first.x);
  var ob = vec4<u32>(first.y);
  if (!ALIGNED) {
    let o1 = offsets(i * 4u + 1u);
    let o2 = offsets(i * 4u + 2u);
    let o3 = offsets(i * 4u + 3u);
    oa = vec4<u32>(first.x, o1.x, o2.x, o3.x);
    ob = vec4<u32>(first.y, o1.y, o2.y, o3.y);
  }
  let u = load_a(i, oa);
  let v = load_b(i, ob);
  let p = params.p;
  let q = params.q;
  y[i] = vec4<R>(apply(u.x, v.x, p, q), apply(u.y, v.y, p, q), apply(u.z, v.z, p, q), apply(u.w, v.w, p, q));
}
