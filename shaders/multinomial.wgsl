// y[row, j] = the first class of the row whose running sum of weights exceeds u[row, j] times the total: draws with
// replacement. A class of weight 0 is never drawn. Grid: one thread a draw, folded into y.

@group(0) @binding(0) var<storage, read> sums: array<f32>; // [rows, n]
@group(0) @binding(1) var<storage, read> u: array<f32>; // [rows, count], in [0, 1)
@group(0) @binding(2) var<storage, read_write> y: array<i32>;

struct Params { size: u32, n: u32, count: u32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let at = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (at >= params.size) { return; }
  let row = at / params.count * params.n;
  let total = sums[row + params.n - 1u];
  // Rounding must not reach the total, which no sum exceeds: one step of f32 below it at most.
  let aim = min(u[at] * total, bitcast<f32>(max(bitcast<u32>(total), 1u) - 1u));
  var low = 0u;
  var high = params.n - 1u;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (sums[row + middle] > aim) { high = middle; } else { low = middle + 1u; }
  }
  y[at] = i32(low);
}
