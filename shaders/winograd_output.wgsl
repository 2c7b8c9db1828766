// Winograd F(2x2, 3x3), last transform: the 16 products M of a tile become 2x2 pixels of y,
//   Y = A^T M A + bias, A^T = [1 1 1 0; 0 1 -1 -1]
// m[k, o, tile] is the k-th of 16 products u[k] v[k] (winograd_weight.wgsl, winograd_input.wgsl).
// Grid: ceil(tiles * channels / WG) workgroups, folded into y; a thread a tile of an output channel.

// @variant HAS_BIAS=true

override WG: u32 = 64;

const HAS_BIAS: bool = false;

struct Params {
  tiles: u32, // n * tiles_y * tiles_x
  channels: u32,
  tiles_y: u32,
  tiles_x: u32,
  oh: u32,
  ow: u32,
}

@group(0) @binding(0) var<storage, read> m: array<f32>; // [16, o, tiles]
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [n, o, oh, ow]
@group(0) @binding(3) var<uniform> params: Params;

fn epilogue(v: f32, i: u32) -> f32 { return v; }

fn products(at: u32, step: u32) -> vec4<f32> {
  return vec4<f32>(m[at], m[at + step], m[at + 2u * step], m[at + 3u * step]);
}

fn gather(s: vec4<f32>) -> vec2<f32> { return vec2<f32>(s.x + s.y + s.z, s.y - s.z - s.w); }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  let step = params.tiles * params.channels;
  if (t >= step) { return; }
  let o = t / params.tiles;
  let tile = t - o * params.tiles;
  let band = tile / params.tiles_x;
  let n = band / params.tiles_y;
  let oy = 2u * (band - n * params.tiles_y);
  let ox = 2u * (tile - band * params.tiles_x);
  let m0 = products(t, step);
  let m1 = products(t + 4u * step, step);
  let m2 = products(t + 8u * step, step);
  let m3 = products(t + 12u * step, step);
  var b = 0.0;
  if (HAS_BIAS) { b = bias[o]; }
  let above = gather(m0 + m1 + m2) + b;
  let below = gather(m1 - m2 - m3) + b;
  let i = ((n * params.channels + o) * params.oh + oy) * params.ow + ox;
  let right = ox + 1u < params.ow;
  y[i] = epilogue(above.x, i);
  if (right) { y[i + 1u] = epilogue(above.y, i + 1u); }
  if (oy + 1u < params.oh) {
    let j = i + params.ow;
    y[j] = epilogue(below.x, j);
    if (right) { y[j + 1u] = epilogue(below.y, j + 1u); }
  }
}
