// Gradient of softmax along one axis, x [outer, n, inner], from its result: dx = y * (dy - sum(y * dy));
// LOG (y = log softmax): dx = dy - exp_nan(y) * sum(dy). LANES threads share a row, as in softmax.wgsl.
// Grid: rows * LANES threads, folded into y.
// import softmax_team.wgsl
alias V = vec4<f32>; // or f32
alias U = vec4<u32>; // its bits

@group(0) @binding(0) var<storage, read> y: array<V>;
@group(0) @binding(1) var<storage, read> dy: array<V>;
@group(0) @binding(2) var<storage, read_write> dx: array<V>;

struct Params { rows: u32, n: u32, inner: u32 } // in loads
@group(0) @binding(3) var<uniform> params: Params;

const WG: u32 = 64;
const LANES: u32 = 16; // a power of two
const LOG: bool = false;
// @variant LOG=true

// Across a vector along n, to all four; the identity for other rows.
fn across_sum(v: V) -> V {
  let pair = v + v.zwxy;
  return pair + pair.yxwz;
}

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

  var total = V();
  for (var i = first; i < end; i += step) {
    if (LOG) { total += dy[i]; } else { total += y[i] * dy[i]; }
  }
  total = across_sum(team_sum(total, lid.x, lane));

  if (row >= params.rows) { return; }
  for (var i = first; i < end; i += step) {
    if (LOG) { dx[i] = finish(dy[i] - exp_nan(y[i]) * total, i); } else { dx[i] = finish(y[i] * (dy[i] - total), i); }
  }
}
