// dweight[i] = sum over s of partial[s,0,i], dbias[i] = sum over s of partial[s,1,i], in the order of the splits, so that
// two runs agree to the last bit. Of batch norm and layer norm. Grid: one thread per column, folded into y.

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(2) var<storage, read_write> dbias: array<f32>;

struct Params {
  columns: u32,
  splits: u32,
}
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.columns) { return; }
  var weight = 0.0;
  var bias = 0.0;
  for (var s = 0u; s < params.splits; s++) {
    weight += partial[s * 2u * params.columns + i];
    bias += partial[(s * 2u + 1u) * params.columns + i];
  }
  dweight[i] = weight;
  dbias[i] = bias;
}
