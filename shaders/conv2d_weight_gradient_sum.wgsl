// Sum of the partial weight gradients, in the order of the splits, so that two runs agree to the last bit:
//   dw[i] = sum over s of partial[s,i]
// HAS_SUMS: threads from size on do the same for the gradient of the bias, db[o] = sum over s of partial_sums[s,o].
// Grid: ceil((size + sums) / WG) workgroups, folded into y.

// @variant HAS_SUMS=true

override WG: u32 = 64;
const HAS_SUMS: bool = false;

struct Params {
  size: u32,
  splits: u32,
  sums: u32, // output channels, or 0
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;
@group(0) @binding(2) var<storage, read> partial_sums: array<f32>;
@group(0) @binding(3) var<storage, read_write> db: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  var sum = 0.0;
  if (i < params.size) {
    for (var s = 0u; s < params.splits; s++) { sum += partial[s * params.size + i]; }
    dw[i] = sum;
  } else if (HAS_SUMS && i - params.size < params.sums) {
    let o = i - params.size;
    for (var s = 0u; s < params.splits; s++) { sum += partial_sums[s * params.sums + o]; }
    db[o] = sum;
  }
}
