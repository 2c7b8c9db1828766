// Gradients of batch norm's weight and bias, the first rung of the ladder: one thread a channel, plain sums.
//   dweight[c] = sum of dy * (x - mean) * rstd, dbias[c] = sum of dy, over the batch and the plane, x and dy [n,c,plane]
// Each plane is added up by itself first: rounding errors grow with the length of a chain of additions.
// batch_norm_gradient_sums.wgsl cuts a channel among workgroups and their threads.
// Grid: ceil(c / WG) workgroups, folded into y.

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>; // [2, c]: a value near those of the channel, and what it leaves
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(5) var<storage, read_write> dbias: array<f32>;

struct Params { n: u32, c: u32, plane: u32 }
@group(0) @binding(6) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let channel = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (channel >= params.c) { return; }
  let center = mean[channel];
  let rest = mean[params.c + channel];

  var products = 0.0;
  var sum = 0.0;
  for (var n = 0u; n < params.n; n++) {
    let first = (n * params.c + channel) * params.plane;
    var plane_products = 0.0;
    var plane_sum = 0.0;
    for (var i = 0u; i < params.plane; i++) {
      let g = dy[first + i];
      plane_products += g * (x[first + i] - center - rest);
      plane_sum += g;
    }
    products += plane_products;
    sum += plane_sum;
  }
  dweight[channel] = products * rstd[channel];
  dbias[channel] = sum;
}
