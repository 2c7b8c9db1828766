// Sampling of images at the points of a grid: y[n,c,p] = sum over taps k of weight[k] * x[n,c,offset[k]], both of the
// point (n, p): grid_sample_point.wgsl. Thread = one point, `step` channels one after the other.
// Grid: ceil(threads / WG) workgroups, folded into y; threads = n * blocks * points, blocks = ceil(c / step).

// import grid_sample_point.wgsl
// @variant TAPS=4
// @variant TAPS=2 LAYERS=2 DEEP=true

override WG: u32 = 64;

struct Params { threads: u32, points: u32, blocks: u32, step: u32, c: u32, d: u32, h: u32, w: u32, padding: u32, align: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> grid: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn epilogue(v: f32, i: u32) -> f32 { return v; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let part = t / params.points;
  let p = t - part * params.points;
  let n = part / params.blocks;
  let c0 = (part - n * params.blocks) * params.step;
  let axes = select(2u, 3u, DEEP);
  let at = (n * params.points + p) * axes;
  let image = Image(params.d, params.h, params.w, params.padding, params.align);
  let taps = taps_at(grid[at], grid[at + 1u], grid[at + axes - 1u], image);
  let area = params.d * params.h * params.w;
  for (var c = c0; c < min(c0 + params.step, params.c); c++) {
    let plane = n * params.c + c;
    var sum = 0.0;
    // @unroll
    for (var k = 0u; k < ALL; k++) {
      let hit = taps.offsets[k] != NOTHING;
      sum += select(0.0, x[plane * area + select(0u, taps.offsets[k], hit)], hit) * taps.weights[k];
    }
    let i = plane * params.points + p;
    y[i] = epilogue(sum, i);
  }
}
