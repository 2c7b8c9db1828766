// Gradient of the sampling in its grid: dgrid[n,p,axis] = sum over taps k of slope[axis,k] * sum over c of dy[n,c,p] * x[n,c,offset[k]]
// with the slopes of the weights along each axis: grid_sample_point.wgsl. Thread = one point.
// Grid: ceil(threads / WG) workgroups, folded into y; threads = n * points.

// import grid_sample_point.wgsl
// @variant TAPS=4
// @variant TAPS=2 LAYERS=2 DEEP=true

override WG: u32 = 64;

struct Params { threads: u32, points: u32, c: u32, d: u32, h: u32, w: u32, padding: u32, align: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> grid: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgrid: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let n = t / params.points;
  let p = t - n * params.points;
  let axes = select(2u, 3u, DEEP);
  let at = t * axes;
  let image = Image(params.d, params.h, params.w, params.padding, params.align);
  let taps = taps_at(grid[at], grid[at + 1u], grid[at + axes - 1u], image);
  let area = params.d * params.h * params.w;
  var sums: array<f32, ALL>;
  for (var c = 0u; c < params.c; c++) {
    let plane = n * params.c + c;
    let d = dy[plane * params.points + p];
    // @unroll
    for (var k = 0u; k < ALL; k++) {
      let hit = taps.offsets[k] != NOTHING;
      sums[k] += select(0.0, x[plane * area + select(0u, taps.offsets[k], hit)], hit) * d;
    }
  }
  var dx = 0.0;
  var dy_ = 0.0;
  var dz = 0.0;
  // @unroll
  for (var k = 0u; k < ALL; k++) {
    dx += sums[k] * taps.slopes_x[k];
    dy_ += sums[k] * taps.slopes_y[k];
    dz += sums[k] * taps.slopes_z[k];
  }
  dgrid[at] = dx;
  dgrid[at + 1u] = dy_;
  if (DEEP) { dgrid[at + axes - 1u] = dz; }
}
