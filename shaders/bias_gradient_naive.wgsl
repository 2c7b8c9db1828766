// Gradient of a bias per channel, the first rung of the ladder: one thread a channel, a plain sum.
//   db[c] = sum over n and i of dy[n,c,i], dy [n,c,plane]; plane 1 behind a linear layer
// Each plane is added up by itself first: rounding errors grow with the length of a chain of additions.
// The engine takes the sum along with a convolution's weight gradient, or by reduce.wgsl.
// Grid: ceil(c / WG) workgroups, folded into y.

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> db: array<f32>;

struct Params { n: u32, c: u32, plane: u32 }
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let channel = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (channel >= params.c) { return; }
  var sum = 0.0;
  for (var n = 0u; n < params.n; n++) {
    let first = (n * params.c + channel) * params.plane;
    var of_plane = 0.0;
    for (var i = 0u; i < params.plane; i++) { of_plane += dy[first + i]; }
    sum += of_plane;
  }
  db[channel] = sum;
}
