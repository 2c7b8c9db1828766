// Attention forward, every thread on its own: attention_forward.wgsl has formula and grid.
// import attention_forward.wgsl
// import attention_alone.wgsl
// @variant MASK=1 DROP=true
// @variant VEC=false V=f32 D=20 C=5 MASK=2 MASK_KEYS=true

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let w = wid.y * nwg.x + wid.x;
  if (w >= params.groups) { return; }
  forward(w, 0u, lid.x);
}
