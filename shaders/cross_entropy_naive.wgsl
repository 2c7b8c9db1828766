// Cross-entropy of logits x [rows, n] against class indices, the first rung of the ladder: one thread a row, plain sums.
//   highest = max over c of x[row,c], log_sum = log(sum over c of exp(x[row,c] - highest)),
//   loss[row] = log_sum + highest - x[row,label]; MEAN: one thread takes all rows in turn, loss[0] = their mean.
// No class weights, no smoothing; labels must be classes. cross_entropy.wgsl has all that, and threads that share a row.
// Grid: ceil(rows / WG) workgroups, folded into y; MEAN: one.

// @variant MEAN=true

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> stats: array<f32>; // [2, rows]: highest, log_sum

struct Params { rows: u32, n: u32 }
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const MEAN: bool = false;

fn row_loss(row: u32) -> f32 {
  let first = row * params.n;
  var highest = x[first];
  for (var c = 1u; c < params.n; c++) {
    highest = max(highest, x[first + c]);
  }
  var sum = 0.0;
  for (var c = 0u; c < params.n; c++) {
    sum += exp(x[first + c] - highest);
  }
  let log_sum = log(sum);
  stats[row] = highest;
  stats[params.rows + row] = log_sum;
  let label = u32(labels[row]);
  return log_sum + (highest - x[first + label]);
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (MEAN) {
    if (i > 0u) { return; }
    var losses = 0.0;
    for (var row = 0u; row < params.rows; row++) {
      losses += row_loss(row);
    }
    loss[0] = losses / f32(params.rows);
    return;
  }
  if (i >= params.rows) { return; }
  loss[i] = row_loss(i);
}
