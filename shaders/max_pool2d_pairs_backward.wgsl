// Gradient of max pooling 2x2 with stride 2 over planes of even height and width: windows do not overlap and cover x, so
// each thread writes the windows of four outputs whole, as pairs. Grid: one thread per four outputs, folded into y.

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // dy
@group(0) @binding(1) var<storage, read> indices: array<vec4i>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec2f>;

struct Params {
  n: u32, // outputs
  oh: u32,
  ow: u32,
}
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

fn prologue(i: u32) -> vec4f { return x[i]; }

fn epilogue(v: f32, i: u32) -> f32 { return v; }

// Two neighbours from element 2 * pair on.
fn store(pair: u32, v: vec2f) { dx[pair] = vec2f(epilogue(v.x, 2u * pair), epilogue(v.y, 2u * pair + 1u)); }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i * 4u >= params.n) { return; }
  let row = i * 4u / params.ow;
  var column = i * 4u - row * params.ow;
  var upper = i * 4u + row * params.ow;
  var oy = row % params.oh;
  let gradient = prologue(i);
  let at = indices[i];
  // @unroll
  for (var k = 0u; k < 4u; k++) {
    if (i * 4u + k < params.n) {
      let corner = i32((oy * params.ow * 2u + column) * 2u);
      let above = vec2i(corner, corner + 1);
      let below = above + i32(params.ow) * 2;
      store(upper, select(vec2f(0.0), vec2f(gradient[k]), above == vec2i(at[k])));
      store(upper + params.ow, select(vec2f(0.0), vec2f(gradient[k]), below == vec2i(at[k])));
    }
    column++;
    upper++;
    if (column == params.ow) {
      column = 0u;
      upper += params.ow;
      oy = select(oy + 1u, 0u, oy + 1u == params.oh);
    }
  }
}
