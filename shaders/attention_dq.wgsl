// Gradient of attention in q, every thread on its own: attention_query_gradient.wgsl has formula and grid.
// import attention_query_gradient.wgsl
// import attention_alone.wgsl
// @variant MASK=1 DROP=true
// @variant VEC=false V=f32 D=20 C=5 MASK=2 MASK_KEYS=true MASK_GRADIENT=true

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let w = wid.y * nwg.x + wid.x;
  if (w >= params.groups) { return; }
  query_gradient(w, 0u, lid.x);
}
