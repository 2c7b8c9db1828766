// Gradient of layer norm in x. With g = dy * weight and xhat = (x - mean) * rstd, means over the row:
//   dx = rstd * (g - mean(g) - xhat * mean(g * xhat)),  not CENTERED (RMS norm) without mean(g)
// Grid: ceil(rows * LANES / WG) workgroups, folded into y.

// @variant V=f32 WIDTH=1
// @variant LANES=1
// @variant CENTERED=false

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> weight: array<V>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<V>;
@group(0) @binding(6) var<uniform> params: Params;

const HAS_WEIGHT: bool = true;
const CENTERED: bool = true;

// import layer_norm_team.wgsl

fn weighted(at: u32, u: u32) -> V {
  if (HAS_WEIGHT) { return dy[at] * weight[u]; }
  return dy[at];
}

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
  let center = V(mean[row]);
  let rest = V(mean[params.rows + row]);
  let scale = rstd[row];

  var sum = V();
  var products = V();
  for (var block = l; block < params.units; block += BLOCK) {
    var part = V();
    var part_products = V();
    for (var u = block; u < min(block + BLOCK, params.units); u += LANES) {
      let g = weighted(start + u, u);
      part += g;
      part_products += g * (x[start + u] - center - rest);
    }
    sum += part;
    products += part_products;
  }
  let both = team_sum(vec2f(total(sum), total(products) * scale), lane) / params.d;

  if (mine >= params.rows) { return; }
  for (var u = l; u < params.units; u += LANES) {
    let xhat = (x[start + u] - center - rest) * scale;
    let g = weighted(start + u, u) - select(V(), V(both.x), CENTERED);
    dx[start + u] = finish((g - xhat * both.y) * scale, start + u);
  }
}
