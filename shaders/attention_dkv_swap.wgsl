enable subgroups;
// Gradients of attention in k and v, four lanes sharing their loads: attention_key_gradient.wgsl has formula and grid.
// import attention_key_gradient.wgsl
// import attention_quad.wgsl
// @variant MASK=1 DROP=true
// @variant VEC=false V=f32 D=20 C=5 MASK=2 MASK_KEYS=true JOINED=true

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let w = wid.y * nwg.x + wid.x;
  if (w >= params.groups) { return; }
  key_gradient(w, lane, lid.x);
}
