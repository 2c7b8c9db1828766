// Winograd F(2x2, 3x3), second transform: every 4x4 patch d of x, two pixels apart, becomes
//   V = B^T d B, B^T = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]
// v[k, c, tile] of the k-th of 16 places: 2.25 times fewer products than winograd_weight.wgsl's convolution, for 4 times the memory.
// A NaN or an infinity of x reaches all four outputs of its tiles, and inf - inf is NaN.
// Grid: ceil(tiles * channels / WG) workgroups, folded into y; a thread a patch, neighbours side by side in a row of tiles.

override WG: u32 = 64;

struct Params {
  tiles: u32, // n * tiles_y * tiles_x
  channels: u32,
  tiles_y: u32,
  tiles_x: u32,
  h: u32,
  w: u32,
  pad_y: u32,
  pad_x: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [n, c, h, w]
@group(0) @binding(1) var<storage, read_write> v: array<f32>; // [16, c, tiles]
@group(0) @binding(2) var<uniform> params: Params;

// What lies left of or above x wraps to a huge number: one comparison tests both ends.
fn pixel(row: u32, inside: bool, ix: u32) -> f32 {
  let there = inside && ix < params.w;
  return select(0.0, x[select(0u, row + ix, there)], there);
}

fn patch_row(plane: u32, iy: u32, ix: u32) -> vec4<f32> {
  let inside = iy < params.h;
  let row = plane + iy * params.w;
  return vec4<f32>(
    pixel(row, inside, ix), pixel(row, inside, ix + 1u), pixel(row, inside, ix + 2u), pixel(row, inside, ix + 3u),
  );
}

fn spread(d: vec4<f32>) -> vec4<f32> { return vec4<f32>(d.x - d.z, d.y + d.z, d.z - d.y, d.y - d.w); }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  let patches = params.tiles * params.channels;
  if (t >= patches) { return; }
  let c = t / params.tiles;
  let tile = t - c * params.tiles;
  let band = tile / params.tiles_x;
  let n = band / params.tiles_y;
  let iy = 2u * (band - n * params.tiles_y) - params.pad_y;
  let ix = 2u * (tile - band * params.tiles_x) - params.pad_x;
  let plane = (n * params.channels + c) * params.h * params.w;
  let d0 = patch_row(plane, iy, ix);
  let d1 = patch_row(plane, iy + 1u, ix);
  let d2 = patch_row(plane, iy + 2u, ix);
  let d3 = patch_row(plane, iy + 3u, ix);
  let rows = array<vec4<f32>, 4>(spread(d0 - d2), spread(d1 + d2), spread(d2 - d1), spread(d1 - d3));
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    let first = 4u * i * patches + t;
    v[first] = rows[i].x;
    v[first + patches] = rows[i].y;
    v[first + 2u * patches] = rows[i].z;
    v[first + 3u * patches] = rows[i].w;
  }
}
