// y = (x - mean) * rstd * weight + bias over rows of d elements, rstd = 1 / sqrt(mean of (x - mean)^2 + eps).
// All is counted from the row's first unit (`shift`), so a mean far above the spread costs no digits; two passes over the
// row, then y. Not CENTERED it is RMS norm: mean = 0, rstd = 1 / sqrt(mean of x^2 + eps). Grid: ceil(rows * LANES / WG) workgroups, folded into y.

// @variant V=f32 WIDTH=1
// @variant LANES=1
// @variant CENTERED=false

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> weight: array<V>;
@group(0) @binding(2) var<storage, read> bias: array<V>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> rstd: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

const HAS_WEIGHT: bool = true;
const HAS_BIAS: bool = true;
const CENTERED: bool = true;

// import layer_norm_team.wgsl

fn prologue(i: u32) -> V { return x[i]; }
fn epilogue(v: f32, i: u32) -> f32 { return v; }
// epilogue of every element of unit i; replaced where the kernel is run: its text depends on V.
fn finish(v: V, i: u32) -> V { return v; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let mine = (wid.y * nwg.x + wid.x) * (WG / LANES) + lane / LANES;
  let row = min(mine, params.rows - 1u); // teams without a row repeat the last: barriers need every lane
  let start = row * params.units;
  let l = lane % LANES;
  var shift = V();
  var offset = V(); // mean - shift
  if (CENTERED) {
    shift = V(total(prologue(start)) / WIDTH);
    var sum = V();
    for (var block = l; block < params.units; block += BLOCK) {
      var part = V();
      for (var u = block; u < min(block + BLOCK, params.units); u += LANES) { part += prologue(start + u) - shift; }
      sum += part;
    }
    offset = V(team_sum(vec2f(total(sum), 0.0), lane).x / params.d);
  }

  var squares = V();
  for (var block = l; block < params.units; block += BLOCK) {
    var part = V();
    for (var u = block; u < min(block + BLOCK, params.units); u += LANES) {
      let centered = prologue(start + u) - shift - offset;
      part += centered * centered;
    }
    squares += part;
  }
  let variance = team_sum(vec2f(total(squares), 0.0), lane).x / params.d;
  let scale = 1.0 / sqrt(variance + params.eps);

  if (mine >= params.rows) { return; }
  for (var u = l; u < params.units; u += LANES) {
    var v = (prologue(start + u) - shift - offset) * scale;
    if (HAS_WEIGHT) { v *= weight[u]; }
    if (HAS_BIAS) { v += bias[u]; }
    y[start + u] = finish(v, start + u);
  }
  if (l == 0u) {
    // In two parts: x - mean then has all its digits in the gradients too.
    mean[row] = total(shift) / WIDTH;
    mean[params.rows + row] = total(offset) / WIDTH;
    rstd[row] = scale;
  }
}
