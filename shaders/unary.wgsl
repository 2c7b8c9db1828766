// y[i] = apply(x[i]): one function of one tensor. X is the stored type, T the one computed in, R that of the result.
// Grid: one thread per four elements, folded into y. The tail computes on padding, which every tensor has.
alias X = f32;
alias T = f32;
alias R = f32;

@group(0) @binding(0) var<storage, read> x: array<vec4<X>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<R>>;

// p, q: numbers of the function, such as a slope.
struct Params { n: u32, p: f32, q: f32 }
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;

// Replaced by the op.
fn apply(x: T, p: f32, q: f32) -> R { return R(x); }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i * 4u >= params.n) { return; }
  let v = vec4<T>(x[i]);
  let p = params.p;
  let q = params.q;
  y[i] = vec4<R>(apply(v.x, p, q), apply(v.y, p, q), apply(v.z, p, q), apply(v.w, p, q));
}
