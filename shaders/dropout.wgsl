// mask[i] = (u_i >= p), y[i] = x[i] * scale where the mask is 1, else 0, with u_i uniform on [0, 1): element i draws from
// lane i % 4 of Philox block offset + i / 4, as in random.wgsl. scale = 1 / (1 - p). The gradient: dropout_backward.wgsl.
// Grid: one thread per block of four elements, folded into y.
// import philox.wgsl
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> mask: array<vec4<u32>>;

struct Params { blocks: u32, key_lo: u32, key_hi: u32, block_lo: u32, block_hi: u32, p: f32, scale: f32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.blocks) { return; }
  let counter = philox_counter(vec2<u32>(params.block_lo, params.block_hi), i);
  let r = philox4x32(counter, vec2<u32>(params.key_lo, params.key_hi));
  let u = vec4<f32>(unit_f32(r.x), unit_f32(r.y), unit_f32(r.z), unit_f32(r.w));
  let kept = u >= vec4<f32>(params.p);
  mask[i] = vec4<u32>(kept);
  y[i] = select(vec4<f32>(), x[i] * params.scale, kept);
}
