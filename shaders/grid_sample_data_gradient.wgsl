// Gradient of the sampling in x, step 3 of 3: dx[n,c,i] = sum of weights[e] * dy[n,c,point of e] along the chain of the taps
// that read element i of image n: first -> after -> .. -> -1, in order, from grid_sample_link.wgsl and scatter_order.wgsl.
// Thread = one element, CT channels. Grid: ceil(threads / WG) workgroups, folded into y; threads = n * ceil(c / CT) * area.

override WG: u32 = 64;
const CT: u32 = 4;

struct Params { threads: u32, all_points: u32, points: u32, blocks: u32, c: u32, area: u32 }

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> head: array<i32>;
@group(0) @binding(3) var<storage, read> first: array<i32>;
@group(0) @binding(4) var<storage, read> after: array<i32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let part = t / params.area;
  let i = t - part * params.area;
  let n = part / params.blocks;
  let c0 = (part - n * params.blocks) * CT;
  // The last block may reach past the channels: it repeats the last one and does not store it.
  let last = min(CT, params.c - c0) - 1u;
  let plane = n * params.c + c0;
  let key = n * params.area + i;
  var sums: array<f32, CT>;
  if (head[key] >= 0) {
    for (var e = first[key]; e >= 0; e = after[e]) {
      let p = u32(e) % params.all_points - n * params.points;
      let weight = weights[e];
      // @unroll
      for (var c = 0u; c < CT; c++) {
        sums[c] += weight * dy[(plane + min(c, last)) * params.points + p];
      }
    }
  }
  // @unroll
  for (var c = 0u; c < CT; c++) {
    if (c <= last) { dx[(plane + c) * params.area + i] = sums[c]; }
  }
}
