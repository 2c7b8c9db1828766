// dx[plane,i] = sum of dy[plane,o] / divisor(o) over the windows o that cover i: the adjoint of avg_pool2d.wgsl.
// Grid: one thread per four elements of x, folded into y.

// @variant INCLUDE_PAD=false
// @variant ADAPTIVE=true INCLUDE_PAD=false ROLLED=true

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;

// import pool_window.wgsl
// import pool_average.wgsl

fn share(plane: i32, o: vec2i, inside: bool) -> f32 {
  let at = select(0, plane + o[0] * params.ow + o[1], inside);
  return select(0.0, dy[at] / divisor(o), inside);
}

fn gradient(p: vec3i) -> f32 {
  let plane = p.x * params.oh * params.ow;
  let first = windows_begin(p.yz);
  let end = windows_end(p.yz);
  var sum = 0.0;
  if (ROLLED) {
    for (var oy = first[0]; oy < end[0]; oy++) {
      for (var ox = first[1]; ox < end[1]; ox++) { sum += share(plane, vec2i(oy, ox), true); }
    }
    return sum;
  }
  // @unroll
  for (var j = 0; j < COVER_Y; j++) {
    // @unroll
    for (var k = 0; k < COVER_X; k++) {
      let o = first + vec2i(j, k);
      sum += share(plane, o, all(o < end));
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
