// Gradient of the sampling in x, step 1 of 3: the taps that read one element of x as a linked list, head[key] -> next[..] -> -1,
// and their weights. Entry e = k * threads + point, key = n * area + offset; -1: reads nothing. The order within a list is
// whatever the race of the integer atomics makes it; its set is not, and scatter_order.wgsl sorts it. Step 3:
// grid_sample_data_gradient.wgsl. `head` comes in filled with -1.
// Grid: ceil(threads / WG) workgroups, folded into y; threads = n * points.

// import grid_sample_point.wgsl
// @variant TAPS=4
// @variant TAPS=2 LAYERS=2 DEEP=true

override WG: u32 = 64;

struct Params { threads: u32, points: u32, d: u32, h: u32, w: u32, padding: u32, align: u32 }

@group(0) @binding(0) var<storage, read> grid: array<f32>;
@group(0) @binding(1) var<storage, read_write> head: array<atomic<i32>>;
@group(0) @binding(2) var<storage, read_write> keys: array<i32>;
@group(0) @binding(3) var<storage, read_write> next: array<i32>;
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let axes = select(2u, 3u, DEEP);
  let at = t * axes;
  let image = Image(params.d, params.h, params.w, params.padding, params.align);
  let taps = taps_at(grid[at], grid[at + 1u], grid[at + axes - 1u], image);
  let first = t / params.points * params.d * params.h * params.w;
  // @unroll
  for (var k = 0u; k < ALL; k++) {
    let e = k * params.threads + t;
    if (taps.offsets[k] == NOTHING) {
      keys[e] = -1;
    } else {
      let key = first + taps.offsets[k];
      keys[e] = i32(key);
      weights[e] = taps.weights[k];
      next[e] = atomicExchange(&head[key], i32(e));
    }
  }
}
