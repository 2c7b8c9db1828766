// Undoes a loss scale over a flat slab of gradients (torch.cuda.amp.GradScaler.unscale_):
//   g /= scale[0];  found[0] = 1 if one of them is Inf or NaN, before or after
// A zero stays zero whatever the scale: the slab's padding must. Integer OR: the order does not matter.
// Grid: one thread per four elements, folded into y.

@group(0) @binding(0) var<storage, read> scale: array<f32>;
@group(0) @binding(1) var<storage, read_write> g: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> found: array<atomic<u32>>;

struct Params { n4: u32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.n4) { return; }
  let x = g[i];
  let zero = (bitcast<vec4<u32>>(x) & vec4(0x7fffffffu)) == vec4(0u);
  let y = select(x * (1.0 / scale[0]), x, zero);
  g[i] = y;
  let bits = vec4(0x7f800000u);
  if (any((bitcast<vec4<u32>>(x) & bits) == bits) || any((bitcast<vec4<u32>>(y) & bits) == bits)) {
    atomicOr(&found[0], 1u);
  }
}
