// All gradients of layer norm in one pass over dy and x: dx as in layer_norm_backward.wgsl, and over the rows of a team
//   partial[team,0,i] = sum of dy * xhat, partial[team,1,i] = sum of dy, in column i,
// the gradients of weight and bias once norm_gradient_fold.wgsl has added the teams. A team takes ROWS rows at a time, `turns`
// times, so that a sum is loaded and stored once for ROWS rows. Grid: ceil(teams * LANES / WG) workgroups, folded into y.

// @variant V=f32 WIDTH=1
// @variant LANES=1
// @variant CENTERED=false HAS_WEIGHT=false

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> weight: array<V>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<V>;
@group(0) @binding(6) var<storage, read_write> partial: array<V>;
@group(0) @binding(7) var<uniform> params: Params;

const HAS_WEIGHT: bool = true;
const CENTERED: bool = true;
const ROWS: u32 = 4;

// import layer_norm_team.wgsl

fn epilogue(v: f32, i: u32) -> f32 { return v; }
// epilogue of every element of unit i; replaced where the kernel is run: its text depends on V.
fn finish(v: V, i: u32) -> V { return v; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let team = (wid.y * nwg.x + wid.x) * (WG / LANES) + lane / LANES;
  let l = lane % LANES;
  let to = team * 2u * params.units;
  for (var turn = 0u; turn < params.turns; turn++) {
    let first = (team * params.turns + turn) * ROWS;
    var start: array<u32, ROWS>;
    var center: array<V, ROWS>;
    var rest: array<V, ROWS>;
    var scale: array<f32, ROWS>;
    // In words: Tint does not zero again what a loop declares without a value.
    var sum = array<V, ROWS>();
    var products = array<V, ROWS>();
    // @unroll
    for (var k = 0u; k < ROWS; k++) {
      let row = min(first + k, params.rows - 1u); // in place of rows that are not there: barriers need every lane
      start[k] = row * params.units;
      center[k] = V(mean[row]);
      rest[k] = V(mean[params.rows + row]);
      scale[k] = rstd[row];
    }
    for (var block = l; block < params.units; block += BLOCK) {
      var part = array<V, ROWS>();
      var part_products = array<V, ROWS>();
      for (var u = block; u < min(block + BLOCK, params.units); u += LANES) {
        var w = V(1.0);
        if (HAS_WEIGHT) { w = weight[u]; }
        // @unroll
        for (var k = 0u; k < ROWS; k++) {
          let g = dy[start[k] + u] * w;
          part[k] += g;
          part_products[k] += g * (x[start[k] + u] - center[k] - rest[k]);
        }
      }
      // @unroll
      for (var k = 0u; k < ROWS; k++) {
        sum[k] += part[k];
        products[k] += part_products[k];
      }
    }
    var both: array<vec2f, ROWS>;
    // @unroll
    for (var k = 0u; k < ROWS; k++) {
      both[k] = team_sum(vec2f(total(sum[k]), total(products[k]) * scale[k]), lane) / params.d;
    }
    if (first < params.rows) {
      for (var u = l; u < params.units; u += LANES) {
        var w = V(1.0);
        if (HAS_WEIGHT) { w = weight[u]; }
        var by_weight = V();
        var by_bias = V();
        if (turn > 0u) {
          by_weight = partial[to + u];
          by_bias = partial[to + params.units + u];
        }
        // @unroll
        for (var k = 0u; k < ROWS; k++) {
          let at = start[k] + u;
          let xhat = (x[at] - center[k] - rest[k]) * scale[k];
          let g = dy[at];
          if (first + k < params.rows) {
            by_weight += g * xhat;
            by_bias += g;
            dx[at] = finish((g * w - select(V(), V(both[k].x), CENTERED) - xhat * both[k].y) * scale[k], at);
          }
        }
        partial[to + u] = by_weight;
        partial[to + params.units + u] = by_bias;
      }
    }
  }
}
