// dx[plane,i] = sum of dy[plane,o] over the windows o whose maximum is i: each element asks the windows that can contain
// it, so nothing is scattered and the order of the sum is fixed.
// Grid: one thread per four elements of x, folded into y: four share the cost of a thread and one store.
// Even 2x2 planes: max_pool2d_pairs_backward.wgsl.

// @variant ADAPTIVE=true

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

// import pool_window.wgsl

// The gradient of element `i`. The same number of turns for every thread and no branch: divergence costs SwiftShader more.
fn gradient(i: u32) -> f32 {
  let p = place(i, size());
  let own = p.y * params.w + p.z;
  let plane = p.x * params.oh * params.ow;
  let first = windows_begin(p.yz);
  let end = windows_end(p.yz);
  var sum = 0.0;
  for (var j = 0; j < params.cover_y; j++) {
    for (var k = 0; k < params.cover_x; k++) {
      let window = first + vec2i(j, k);
      let inside = all(window < end);
      let o = select(0, plane + window[0] * params.ow + window[1], inside);
      sum += select(0.0, dy[o], inside && indices[o] == own);
    }
  }
  return sum;
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i * 4u >= params.n) { return; }
  dx[i] = vec4f(gradient(i * 4u), gradient(i * 4u + 1u), gradient(i * 4u + 2u), gradient(i * 4u + 3u));
}
