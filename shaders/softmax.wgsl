// Softmax along one axis of x [outer, n, inner]: y = exp(x - max) / sum exp(x - max); LOG: y = x - max - log(sum).
// A row of -inf only gives NaN, as does a row with a NaN. LANES threads share a row; with vectors along n (inner = 1) or
// along inner, where one load then holds four rows.
// Grid: rows * LANES threads, folded into y.
// import softmax_team.wgsl
alias V = vec4<f32>; // or f32
alias U = vec4<u32>; // its bits

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;

struct Params { rows: u32, n: u32, inner: u32 } // in loads
@group(0) @binding(2) var<uniform> params: Params;

const WG: u32 = 64;
const LANES: u32 = 16; // a power of two
const LOG: bool = false;
// @variant LOG=true

// Across a vector along n, to all four; the identity for other rows.
fn across_max(v: V) -> V {
  let pair = max(v, v.zwxy);
  return max(pair, pair.yxwz);
}
fn across_sum(v: V) -> V {
  let pair = v + v.zwxy;
  return pair + pair.yxwz;
}

fn prologue(i: u32) -> V { return x[i]; }
fn epilogue(v: f32, i: u32) -> f32 { return v; }
// epilogue of every element of unit i; replaced where the kernel is run: its text depends on V.
fn finish(v: V, i: u32) -> V { return v; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let thread = (wid.y * nwg.x + wid.x) * WG + lid.x;
  let row = thread / LANES;
  let lane = thread % LANES;
  // Threads beyond the last row redo the last one, so that all meet at the barriers, and write nothing.
  let o = min(row, params.rows - 1u);
  let base = (o / params.inner) * params.n * params.inner + o % params.inner;
  let end = base + params.n * params.inner;
  let first = base + lane * params.inner;
  let step = LANES * params.inner;

  // -inf cannot be written in WGSL: begin with an element.
  var top = prologue(base);
  for (var i = first; i < end; i += step) { top = max(top, prologue(i)); }
  top = across_max(team_max(top, lid.x, lane));

  var total = V();
  for (var i = first; i < end; i += step) { total += exp_nan(prologue(i) - top); }
  total = across_sum(team_sum(total, lid.x, lane));

  if (row >= params.rows) { return; }
  if (LOG) {
    let shift = log_nan(total);
    for (var i = first; i < end; i += step) { y[i] = finish((prologue(i) - top) - shift, i); }
  } else {
    let scale = 1.0 / total;
    for (var i = first; i < end; i += step) { y[i] = finish(exp_nan(prologue(i) - top) * scale, i); }
  }
}
