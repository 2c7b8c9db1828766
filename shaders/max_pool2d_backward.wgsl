// dx[plane,i] = sum of dy[plane,o] over the windows o whose maximum is i: each element asks the windows that can contain
// it, so nothing is scattered and the order of the sum is fixed.
// Grid: one thread per four elements of x, folded into y: four share the cost of a thread and one store.
// Even 2x2 planes: max_pool2d_pairs_backward.wgsl.

// @variant ADAPTIVE=true ROLLED=true

@group(0) @binding(0) var<storage, read> x: array<f32>; // dy
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

// import pool_window.wgsl

fn prologue(i: u32) -> f32 { return x[i]; }

// What window o of the plane that starts at `plane` gives to the element at `own`.
fn share(plane: i32, o: vec2i, inside: bool, own: i32) -> f32 {
  let at = select(0, plane + o[0] * params.ow + o[1], inside);
  return select(0.0, prologue(u32(at)), inside && indices[at] == own);
}

fn gradient(p: vec3i) -> f32 {
  let own = p.y * params.w + p.z;
  let plane = p.x * params.oh * params.ow;
  let first = windows_begin(p.yz);
  let end = windows_end(p.yz);
  var sum = 0.0;
  if (ROLLED) {
    for (var oy = first[0]; oy < end[0]; oy++) {
      for (var ox = first[1]; ox < end[1]; ox++) { sum += share(plane, vec2i(oy, ox), true, own); }
    }
    return sum;
  }
  // @unroll
  for (var j = 0; j < COVER_Y; j++) {
    // @unroll
    for (var k = 0; k < COVER_X; k++) {
      let o = first + vec2i(j, k);
      sum += share(plane, o, all(o < end), own);
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
  var p = place(i * 4u, size());
  var four: vec4f;
  // @unroll
  for (var k = 0u; k < 4u; k++) {
    four[k] = gradient(p);
    p = following(p, size());
  }
  dx[i] = four;
}
