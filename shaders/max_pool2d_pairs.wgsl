// Max pooling 2x2 with stride 2 over planes of even height and width, the common case: x is read as pairs, y and the
// indices are written four at a time. Result as max_pool2d.wgsl. Grid: one thread per four outputs, folded into y.

@group(0) @binding(0) var<storage, read> x: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> indices: array<vec4i>;

struct Params {
  n: u32, // outputs
  oh: u32,
  ow: u32,
}
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

// import pool_max.wgsl

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i * 4u >= params.n) { return; }
  // A row of windows is two rows of x, each of `ow` pairs: the upper pair of window o is o + row * ow.
  let row = i * 4u / params.ow;
  var column = i * 4u - row * params.ow;
  var upper = i * 4u + row * params.ow;
  var oy = row % params.oh;
  var best: vec4f;
  var at: vec4i;
  // @unroll
  for (var k = 0u; k < 4u; k++) {
    let above = x[upper];
    let below = x[upper + params.ow];
    let corner = i32((oy * params.ow * 2u + column) * 2u);
    var value = above.x;
    var place = corner;
    if (beats(above.y, value)) { value = above.y; place = corner + 1; }
    if (beats(below.x, value)) { value = below.x; place = corner + i32(params.ow) * 2; }
    if (beats(below.y, value)) { value = below.y; place = corner + i32(params.ow) * 2 + 1; }
    best[k] = value;
    at[k] = place;
    column++;
    upper++;
    if (column == params.ow) {
      column = 0u;
      upper += params.ow;
      oy = select(oy + 1u, 0u, oy + 1u == params.oh);
    }
  }
  y[i] = best;
  indices[i] = at;
}
