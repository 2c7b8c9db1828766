// Per query (lse, delta = sum over d of dy * y), behind the draw of the dropout: what both gradients of attention read.
// Grid: one thread a query, folded into y.
alias V = vec4<f32>; // f32 where d, or a stride, is no multiple of four

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> y: array<V>;
@group(0) @binding(2) var<storage, read> lse: array<f32>; // [b, h, t]
@group(0) @binding(3) var<storage, read> draw: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> rows: array<vec2<u32>>; // [2 + b h t]

struct Params { n: u32, h: u32, t: u32, vectors: u32, y_b: u32, y_h: u32, y_t: u32, dy_b: u32, dy_h: u32, dy_t: u32 }
@group(0) @binding(5) var<uniform> params: Params;

override WG: u32 = 64;
const WIDTH: u32 = 4; // of V
const DROP: bool = false;
// @variant DROP=true
// @variant V=f32 WIDTH=1

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let row = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (row >= params.n) { return; }
  if (DROP && row < 2u) { rows[row] = draw[row]; }
  if (DROP && row == 0u) { rows[1] = draw[1]; } // also where there is one query only
  let bh = row / params.t;
  let b = bh / params.h;
  let h = bh % params.h;
  let t = row % params.t;
  let at = (b * params.y_b + h * params.y_h + t * params.y_t) / WIDTH;
  let dy_at = (b * params.dy_b + h * params.dy_h + t * params.dy_t) / WIDTH;
  var delta = 0.0;
  for (var c = 0u; c < params.vectors; c++) {
    let x = vec4<f32>(dy[dy_at + c]) * vec4<f32>(y[at + c]); // a scalar stands in all four
    delta += select(x.x, (x.x + x.y) + (x.z + x.w), WIDTH == 4u);
  }
  rows[2u + row] = vec2<u32>(bitcast<u32>(lse[row]), bitcast<u32>(delta));
}
