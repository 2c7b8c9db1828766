// Philox draws: element i comes from block (offset + i / 4), lane i % 4 of the stream named by key. Uniform in [0, 1),
// or normal by Box-Muller on neighbouring lanes. Grid: one thread per block of four elements, folded into y.
// import philox.wgsl
@group(0) @binding(0) var<storage, read_write> y: array<f32>;

struct Params { n: u32, key_lo: u32, key_hi: u32, block_lo: u32, block_hi: u32, a: f32, b: f32 }
@group(0) @binding(1) var<uniform> params: Params;

override WG: u32 = 64;

// What becomes of four draws; replaced by `normal4` for a normal distribution.
fn transform(u: vec4<u32>) -> vec4<f32> { return uniform4(u); }

// Uniform on [a, b).
fn uniform4(u: vec4<u32>) -> vec4<f32> {
  let x = vec4<f32>(unit_f32(u.x), unit_f32(u.y), unit_f32(u.z), unit_f32(u.w));
  return params.a + x * (params.b - params.a);
}

// Normal with mean a and standard deviation b: Box and Muller 1958 on lanes (x, y) and (z, w).
fn normal4(u: vec4<u32>) -> vec4<f32> {
  return params.a + params.b * vec4<f32>(box_muller(u.x, u.y), box_muller(u.z, u.w));
}

fn box_muller(a: u32, b: u32) -> vec2<f32> {
  return sqrt(-2.0 * ln_unit(open_unit_f32(a))) * cos_sin_turns(unit_f32(b));
}

// ln on (0, 1]: WGSL's log has only an absolute bound near 1. x = 2^e m, ln m = 2 atanh((m - 1) / (m + 1)).
fn ln_unit(x: f32) -> f32 {
  let bits = bitcast<u32>(x) - 0x3f3504f3u; // so that m is in [sqrt(1/2), sqrt 2)
  let e = bitcast<i32>(bits) >> 23u;
  let m = bitcast<f32>((bits & 0x7fffffu) + 0x3f3504f3u);
  let s = (m - 1.0) / (m + 1.0);
  let z = s * s;
  let series = s + s * z * (0.33333333 + z * (0.2 + z * (0.14285714 + z * 0.11111111)));
  return f32(e) * 0.69314718 + 2.0 * series;
}

// (cos, sin) of 2 pi v: quarter turns come off exactly, the rest is at most pi / 4.
fn cos_sin_turns(v: f32) -> vec2<f32> {
  let quarter = floor(v * 4.0 + 0.5);
  let r = (v * 4.0 - quarter) * 1.5707964;
  let z = r * r;
  let s = r * (1.0 - z * (0.16666667 - z * (0.008333334 - z * (0.00019841270 - z * 0.0000027557319))));
  let c = 1.0 - z * (0.5 - z * (0.041666668 - z * (0.0013888889 - z * 0.00002480159)));
  let q = u32(quarter) & 3u;
  let swapped = select(vec2<f32>(c, s), vec2<f32>(-s, c), (q & 1u) == 1u);
  return select(swapped, -swapped, q >= 2u);
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  let first = i * 4u;
  if (first >= params.n) { return; }
  let counter = philox_counter(vec2<u32>(params.block_lo, params.block_hi), i);
  let v = transform(philox4x32(counter, vec2<u32>(params.key_lo, params.key_hi)));
  y[first] = v.x;
  if (first + 1u < params.n) { y[first + 1u] = v.y; }
  if (first + 2u < params.n) { y[first + 2u] = v.z; }
  if (first + 3u < params.n) { y[first + 3u] = v.w; }
}
