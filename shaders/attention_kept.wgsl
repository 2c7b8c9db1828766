// kept[row, j] = 1 where attention keeps the score, 0 where it drops it: the draw of attention_tile.wgsl written out, for the
// composition and for tests. Grid: one thread per block of four keys of a row, folded into y.
// import philox.wgsl
@group(0) @binding(0) var<storage, read> draw: array<vec4<u32>>; // key, offset
@group(0) @binding(1) var<storage, read_write> kept: array<u32>; // [rows, s]

struct Params { n: u32, s: u32, blocks: u32, drop: f32 } // n = rows * blocks, blocks = ceil(s / 4)
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.n) { return; }
  let r = philox4x32(philox_counter(draw[0].zw, i), draw[0].xy);
  let j = 4u * (i % params.blocks);
  // @unroll
  for (var e = 0u; e < 4u; e++) {
    if (j + e < params.s) { kept[(i / params.blocks) * params.s + j + e] = u32(unit_f32(r[e]) >= params.drop); }
  }
}
