// Cross-entropy of logits x [outer, n, inner] against class indices, row by row, with class weights w and smoothing e:
//   loss = (1 - e) w[t] (lse - x[t]) + e / n * sum_c w[c] (lse - x[c]), lse = max + log(sum exp(x - max)).
// Max and log-sum are kept apart in `stats`: their sum would lose the digits of log-sum where logits are far from 0.
// Ignored rows: loss and weight 0. An index outside [0, n): NaN. LANES threads share a row, as in softmax.wgsl.
// Grid: rows * LANES threads, folded into y. TOTAL: one workgroup takes all rows in turn and gives, instead of the rows'
// losses and weights, loss = their sum (MEAN: divided by that of the weights) and row_weight = the sum of the weights.
// import softmax_team.wgsl
alias V = vec4<f32>; // four along n (inner = 1, and no class weights under smoothing), or f32
alias U = vec4<u32>; // its bits

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> row_weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> stats: array<f32>; // [2, rows]: max, log-sum

// n: classes; loads: along n. nan: the bits of a NaN, which WGSL cannot write.
struct Params { rows: u32, n: u32, loads: u32, inner: u32, ignored: i32, smoothing: f32, nan: u32 }
@group(0) @binding(6) var<uniform> params: Params;

const WG: u32 = 64;
const LANES: u32 = 16; // a power of two
const HAS_WEIGHT: bool = false;
const SMOOTH: bool = false;
const TOTAL: bool = false;
const MEAN: bool = false;
// @variant SMOOTH=true
// @variant TOTAL=true MEAN=true

// Across a vector along n.
fn across_max(v: V) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }
fn across_sum(v: V) -> f32 { return (v.x + v.y) + (v.z + v.w); }
// One class of a row: element `c` from load `base` on.
fn pick(base: u32, c: u32) -> f32 { return x[base + c / 4u][c % 4u]; }

// Loss and weight of a row, at lane 0 of its team; 0 at the others and beyond the last row.
fn row_loss(row: u32, at: u32, lane: u32) -> vec2<f32> {
  // Threads beyond the last row redo the last one, so that all meet at the barriers, and write nothing.
  let o = min(row, params.rows - 1u);
  let base = (o / params.inner) * params.loads * params.inner + o % params.inner;

  var highest = x[base];
  for (var c = lane; c < params.loads; c += LANES) { highest = max(highest, x[base + c * params.inner]); }
  let top = across_max(team_max(highest, at, lane));

  var total = V();
  var below = V(); // sum of w (max - x)
  for (var c = lane; c < params.loads; c += LANES) {
    let d = x[base + c * params.inner] - top;
    total += exp_nan(d);
    if (SMOOTH && HAS_WEIGHT) { below -= d * weight[c]; } else if (SMOOTH) { below -= d; }
  }
  let log_sum = across_max(log_nan(V(across_sum(team_sum(total, at, lane)))));
  var below_sum = 0.0;
  if (SMOOTH) { below_sum = across_sum(team_sum(below, at, lane)); }

  if (row >= params.rows || lane != 0u) { return vec2<f32>(); }
  stats[row] = top;
  stats[params.rows + row] = log_sum;
  let t = labels[row];
  if (t == params.ignored) { return vec2<f32>(); }
  if (t < 0 || u32(t) >= params.n) { return vec2<f32>(bitcast<f32>(params.nan), 1.0); }
  var w = 1.0;
  if (HAS_WEIGHT) { w = weight[t]; }
  var value = w * (log_sum + (top - pick(base, u32(t))));
  if (SMOOTH) {
    var weights = f32(params.n);
    if (HAS_WEIGHT) {
      weights = 0.0;
      for (var c = 0u; c < params.n; c++) { weights += weight[c]; }
    }
    value = (1.0 - params.smoothing) * value + params.smoothing / f32(params.n) * (weights * log_sum + below_sum);
  }
  return vec2<f32>(value, w);
}

var<workgroup> sums: array<vec2<f32>, WG>;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let thread = (wid.y * nwg.x + wid.x) * WG + lid.x;
  let lane = thread % LANES;
  if (TOTAL) {
    var both = vec2<f32>();
    for (var first = 0u; first < params.rows; first += WG / LANES) { both += row_loss(first + thread / LANES, lid.x, lane); }
    sums[lid.x] = both;
    workgroupBarrier();
    if (lid.x == 0u) {
      for (var l = 1u; l < WG; l++) { both += sums[l]; }
      loss[0] = select(both.x, both.x / both.y, MEAN);
      row_weight[0] = both.y;
    }
  } else {
    let row = thread / LANES;
    let both = row_loss(row, lid.x, lane);
    if (row < params.rows && lane == 0u) {
      loss[row] = both.x;
      row_weight[row] = both.y;
    }
  }
}
