// y[i] = partial[0, i] + partial[1, i] + .. + partial[splits - 1, i] (+ bias[i mod n]), in this order: split-K stays
// bit-identical from run to run. The partials come from matmul_register.wgsl or matmul_quad.wgsl.
// HAS_A_SUMS: threads from count on do the same for the sums along k.
// Grid: 1-D folded, ceil((count + sums) / WG) workgroups, one thread an output.

// @variant HAS_BIAS=true
// @variant HAS_A_SUMS=true

struct Params { count: u32, splits: u32, n: u32, sums: u32 } // sums: their number, or 0

@group(0) @binding(0) var<storage, read> partial: array<f32>; // [splits, count]
@group(0) @binding(1) var<storage, read> bias: array<f32>; // [n]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [count]
@group(0) @binding(3) var<storage, read> partial_sums: array<f32>; // [splits, sums]
@group(0) @binding(4) var<storage, read_write> a_sums: array<f32>; // [sums]
@group(0) @binding(5) var<uniform> params: Params;

override WG: u32 = 64;
const HAS_BIAS: bool = false;
const HAS_A_SUMS: bool = false;

fn epilogue(v: f32, i: u32) -> f32 { return v; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.count) {
    if (HAS_A_SUMS && i - params.count < params.sums) {
      let row = i - params.count;
      var sum = 0.0;
      for (var s = 0u; s < params.splits; s++) { sum += partial_sums[s * params.sums + row]; }
      a_sums[row] = sum;
    }
    return;
  }
  var sum = 0.0;
  for (var s = 0u; s < params.splits; s++) {
    sum += partial[s * params.count + i];
  }
  if (HAS_BIAS) { sum += bias[i % params.n]; }
  y[i] = epilogue(sum, i);
}
