// Mean and spread of each channel of x [n,c,plane] over the batch, the first rung of the ladder: one thread a channel, two passes.
//   mean[c] = sum of x / (n * plane), rstd[c] = 1 / sqrt(sum of (x - mean)^2 / (n * plane) + eps)
// Each plane is added up by itself first: rounding errors grow with the length of a chain of additions.
// batch_norm_statistics.wgsl cuts a channel among workgroups and their threads; batch_norm_fold.wgsl merges what they find.
// Grid: ceil(c / WG) workgroups, folded into y.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> rstd: array<f32>;

struct Params { n: u32, c: u32, plane: u32, eps: f32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let channel = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (channel >= params.c) { return; }
  let count = f32(params.n * params.plane);

  var sum = 0.0;
  for (var n = 0u; n < params.n; n++) {
    let first = (n * params.c + channel) * params.plane;
    var of_plane = 0.0;
    for (var i = 0u; i < params.plane; i++) { of_plane += x[first + i]; }
    sum += of_plane;
  }
  let center = sum / count;

  var squares = 0.0;
  for (var n = 0u; n < params.n; n++) {
    let first = (n * params.c + channel) * params.plane;
    var of_plane = 0.0;
    for (var i = 0u; i < params.plane; i++) {
      let d = x[first + i] - center;
      of_plane += d * d;
    }
    squares += of_plane;
  }
  mean[channel] = center;
  rstd[channel] = 1.0 / sqrt(squares / count + params.eps);
}
