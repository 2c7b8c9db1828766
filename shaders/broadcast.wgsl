// y[k1,r1,k2,r2,i] = x[k1,k2,i]: a copy repeated along any axes, adjacent ones merged. The gradient of a sum.
// Grid: one thread per four elements of y, folded into y.

// @variant T=f32

// Bits, so that one text copies every dtype; f32 to multiply by params.scale.
alias T = u32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<T>>;

struct Params { n: u32, r1: u32, k2: u32, r2: u32, inner: u32, scale: f32 }
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;
const SPLAT: bool = false; // four neighbours in y are one element of x: inner = 1, r2 a multiple of 4
const RUN: bool = false; // four neighbours in y are neighbours in x: inner a multiple of 4

// Replaced to multiply.
fn scaled(v: vec4<T>) -> vec4<T> { return v; }

fn source(j: u32) -> u32 {
  let row = j / params.inner; // (k1, r1, k2, r2)
  let kept = row / params.r2; // (k1, r1, k2)
  let k1 = kept / (params.k2 * params.r1);
  return (k1 * params.k2 + kept % params.k2) * params.inner + j % params.inner;
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  let j = i * 4u;
  if (j >= params.n) { return; }
  let first = source(j);
  var v = vec4<T>(x[first]);
  if (RUN) {
    v = vec4<T>(v.x, x[first + 1u], x[first + 2u], x[first + 3u]);
  } else if (!SPLAT) {
    // Beyond the end of y lies its padding: any value will do there, but no read outside x.
    let last = params.n - 1u;
    v = vec4<T>(v.x, x[source(min(j + 1u, last))], x[source(min(j + 2u, last))], x[source(min(j + 3u, last))]);
  }
  y[i] = scaled(v);
}
