// Scatter-add, step 3 of 3: y[o, r, i] = x[o, r, i] + sum of src[o, j, i] along the chain first -> after -> .. -> -1 that
// scatter_order.wgsl made. `head` tells the targets that have a chain. Grid: one thread per element of y, folded into y.
// @variant T=vec4<f32>
// @variant T=i32 PER_ELEMENT=true HAS_X=true
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> src: array<T>;
@group(0) @binding(2) var<storage, read> head: array<i32>;
@group(0) @binding(3) var<storage, read> first: array<i32>;
@group(0) @binding(4) var<storage, read> after: array<i32>;
@group(0) @binding(5) var<storage, read_write> y: array<T>;

struct Params { size: u32, rows: u32, n: u32, inner: u32 }
@group(0) @binding(6) var<uniform> params: Params;

override WG: u32 = 64;
const PER_ELEMENT: bool = false;
const HAS_X: bool = false;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  let i = t % params.inner;
  let row = t / params.inner;
  let o = row / params.rows;
  var key = row % params.rows;
  if (PER_ELEMENT) { key = t; }
  var sum = T();
  if (HAS_X) { sum = x[t]; }
  if (head[key] >= 0) {
    for (var e = first[key]; e >= 0; e = after[e]) {
      var at = u32(e);
      if (!PER_ELEMENT) { at = (o * params.n + at) * params.inner + i; }
      sum += src[at];
    }
  }
  y[t] = sum;
}
