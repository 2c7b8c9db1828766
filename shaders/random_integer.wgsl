// Uniform integers y[i] = low + floor(u range / 2^32), u from Philox: element i comes from block (offset + i / 4), lane i % 4,
// as Generator.integers on the host. range 0 stands for 2^32. Grid: one thread a block of four, folded into y.
// import philox.wgsl
@group(0) @binding(0) var<storage, read_write> y: array<u32>;

struct Params { n: u32, key_lo: u32, key_hi: u32, block_lo: u32, block_hi: u32, low: u32, range: u32 }
@group(0) @binding(1) var<uniform> params: Params;

override WG: u32 = 64;

fn within(u: u32) -> u32 {
  return params.low + select(mul_wide(u, params.range).y, u, params.range == 0u);
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
  let v = philox4x32(counter, vec2<u32>(params.key_lo, params.key_hi));
  y[first] = within(v.x);
  if (first + 1u < params.n) { y[first + 1u] = within(v.y); }
  if (first + 2u < params.n) { y[first + 2u] = within(v.z); }
  if (first + 3u < params.n) { y[first + 3u] = within(v.w); }
}
