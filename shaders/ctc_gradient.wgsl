// dx[t, n, c] = -dy[n] times the probability that a path of sample n emits c at time t: the sum over the states s of class c
// of exp(alpha[n, t, s] + beta[n, t, s] - total[n]). 0 after the sample's end and where no path exists.
// Grid: one thread per element of dx, folded into y.
@group(0) @binding(0) var<storage, read> labels: array<i32>;
@group(0) @binding(1) var<storage, read> input_lengths: array<i32>;
@group(0) @binding(2) var<storage, read> target_lengths: array<i32>;
@group(0) @binding(3) var<storage, read> alpha: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read> total: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;

struct Params { size: u32, steps: u32, batch: u32, classes: u32, width: u32, blank: i32 }
@group(0) @binding(8) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.size) { return; }
  let c = i32(i % params.classes);
  let n = i / params.classes % params.batch;
  let t = i / params.classes / params.batch;
  var p = 0.0;
  if (i32(t) < input_lengths[n] && total[n] > -0.5e30) {
    let row = (n * params.steps + t) * (2u * params.width + 1u);
    let count = u32(clamp(target_lengths[n], 0, i32(params.width)));
    for (var k = 0u; k < count; k++) {
      if (labels[n * params.width + k] == c) {
        p += exp(alpha[row + 2u * k + 1u] + beta[row + 2u * k + 1u] - total[n]);
      }
    }
    if (c == params.blank) {
      for (var k = 0u; k <= count; k++) { p += exp(alpha[row + 2u * k] + beta[row + 2u * k] - total[n]); }
    }
  }
  dx[i] = -dy[n] * p;
}
