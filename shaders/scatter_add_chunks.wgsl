// y = x + the partials sums of scatter_add.wgsl, [chunks, size], in order. Grid: one thread per element, folded into y.
// @variant T=vec4<f32>
// @variant T=i32 HAS_X=true
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> partials: array<T>;
@group(0) @binding(2) var<storage, read_write> y: array<T>;

struct Params { size: u32, chunks: u32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;
const HAS_X: bool = false;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  var sum = T();
  if (HAS_X) { sum = x[t]; }
  for (var c = 0u; c < params.chunks; c++) { sum += partials[c * params.size + t]; }
  y[t] = sum;
}
