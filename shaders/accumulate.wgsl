// y = x or y += x, in place: gradients into their slots. The tail is written element by element, because the padding of
// a slab must stay zero. Grid: one thread per four elements, folded into y.

// @variant T=f32

// Bits, so that one text copies every dtype; f32 to add.
alias T = u32;

@group(0) @binding(0) var<storage, read> x: array<vec4<T>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<T>>;

struct Params { n: u32 }
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;

// Replaced to add.
fn merge(old: vec4<T>, x: vec4<T>) -> vec4<T> { return x; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  let first = i * 4u;
  if (first >= params.n) { return; }
  let old = y[i];
  let merged = merge(old, x[i]);
  if (first + 4u <= params.n) {
    y[i] = merged;
    return;
  }
  let lanes = vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.n - first);
  y[i] = select(old, merged, lanes);
}
