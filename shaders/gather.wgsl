// y[o, j, i] = x[o, r, i] with r = index[j] (embedding, indexSelect) or r = index[o, j, i] (gather); 0 where r is no row
// of x, or is `skip` (embedding's padding row, in its second gradient). x [outer, rows, inner], y [outer, n, inner].
// Grid: one thread per element of y, folded into y.
// @variant V=vec4<u32>
// @variant V=f32 PER_ELEMENT=true

// Bits, so that one text serves every dtype but f32, which has the epilogue; a vec4 where inner, here in vectors, allows.
alias V = u32;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<V>;

struct Params { size: u32, rows: u32, n: u32, inner: u32, skip: i32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;
const PER_ELEMENT: bool = false;

fn epilogue(v: f32, i: u32) -> f32 { return v; }
// epilogue of every element of unit i; replaced where the kernel is run: its text depends on V.
fn finish(v: V, i: u32) -> V { return v; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  let row = t / params.inner;
  let o = row / params.n;
  var at = t;
  if (!PER_ELEMENT) { at = row % params.n; }
  let r = index[at];
  var value = V();
  if (r >= 0 && r < i32(params.rows) && r != params.skip) {
    value = x[(o * params.rows + u32(r)) * params.inner + t % params.inner];
  }
  y[t] = finish(value, t);
}
