// partial[split,0,i] = sum of dy * xhat, partial[split,1,i] = sum of dy over the rows of one split, in column i, with
// xhat = (x - mean) * rstd: the gradients of weight and bias once norm_gradient_fold.wgsl has added the splits.
// Grid: [ceil(units / WG), splits] workgroups; a unit is 4 columns if d divides by 4, else 1.

// @variant V=f32

alias V = vec4f;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read_write> partial: array<V>;

struct Params {
  rows: u32,
  rows_per_split: u32,
  units: u32, // in a row
}
@group(0) @binding(5) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_id) lid: vec3u) {
  let u = wid.x * WG + lid.x;
  if (u >= params.units) { return; }
  let first = wid.y * params.rows_per_split;
  var products = V();
  var sum = V();
  for (var row = first; row < min(first + params.rows_per_split, params.rows); row++) {
    let g = dy[row * params.units + u];
    products += g * ((x[row * params.units + u] - V(mean[row]) - V(mean[params.rows + row])) * rstd[row]);
    sum += g;
  }
  let to = wid.y * 2u * params.units + u;
  partial[to] = products;
  partial[to + params.units] = sum;
}
