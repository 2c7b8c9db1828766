// Sum of the partial weight gradients, in the order of the splits, so that two runs agree to the last bit:
//   dw[i] = sum over s of partial[s,i]
// Grid: ceil(size / WG) workgroups, folded into y.

override WG: u32 = 64;

struct Params {
  size: u32,
  splits: u32,
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.size) { return; }
  var sum = 0.0;
  for (var s = 0u; s < params.splits; s++) {
    sum += partial[s * params.size + i];
  }
  dw[i] = sum;
}
