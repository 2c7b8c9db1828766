// y[i] = apply(a[i], b[i]), where a or b may also be a single value: a tensor of one element, or a number in the params.
// All else that broadcasts: binary_broadcast.wgsl. A, B are the stored types, T the one computed in, R that of the result.
// Grid: one thread per four elements, folded into y. The tail computes on padding, which every tensor has.
alias A = f32;
alias B = f32;
alias T = f32;
alias R = f32;

@group(0) @binding(0) var<storage, read> a: array<vec4<A>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<B>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<R>>;

// value: the number of a float op; bits: that of an integer op, which f32 would round. p, q: numbers of the function.
struct Params { n: u32, value: f32, bits: u32, p: f32, q: f32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;
const INTEGER: bool = false;
// Where an operand comes from: 0 a tensor like y, 1 a tensor of one element, 2 the params.
const A_FROM: u32 = 0u;
const B_FROM: u32 = 0u;
// @variant A_FROM=1
// @variant B_FROM=2 A=u32 T=i32 R=u32 INTEGER=true

// Replaced by the op.
fn apply(a: T, b: T, p: f32, q: f32) -> R { return R(a + b); }

fn number() -> T { return select(T(params.value), bitcast<T>(params.bits), INTEGER); }

fn load_a(i: u32) -> vec4<T> {
  if (A_FROM == 0u) { return vec4<T>(a[i]); }
  return vec4<T>(select(number(), T(a[0].x), A_FROM == 1u));
}
fn load_b(i: u32) -> vec4<T> {
  if (B_FROM == 0u) { return vec4<T>(b[i]); }
  return vec4<T>(select(number(), T(b[0].x), B_FROM == 1u));
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i * 4u >= params.n) { return; }
  let u = load_a(i);
  let v = load_b(i);
  let p = params.p;
  let q = params.q;
  y[i] = vec4<R>(apply(u.x, v.x, p, q), apply(u.y, v.y, p, q), apply(u.z, v.z, p, q), apply(u.w, v.w, p, q));
}
