// y[c, o, r, i] = x[o, r, i] + sum of src[o, j, i] over the j of chunk c whose index is r: each element of y looks for
// its contributions in order, so no atomics and always the same bits. For few rows or few indices; many of both:
// scatter_link.wgsl. With several chunks x is left out here and added with the chunks in scatter_add_chunks.wgsl.
// index [n] or, PER_ELEMENT, [outer, n, inner]; src [outer, n, inner]. Grid: one thread per element of y, folded into y.
// @variant T=vec4<f32>
// @variant T=i32 PER_ELEMENT=true HAS_X=true
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read> src: array<T>;
@group(0) @binding(3) var<storage, read_write> y: array<T>;

struct Params { size: u32, outer: u32, rows: u32, n: u32, inner: u32, chunk: u32, skip: i32 }
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const PER_ELEMENT: bool = false;
const HAS_X: bool = false;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  let i = t % params.inner;
  let row = t / params.inner;
  let r = i32(row % params.rows);
  let outer_chunk = row / params.rows;
  let o = outer_chunk % params.outer;
  let start = outer_chunk / params.outer * params.chunk;
  let end = min(start + params.chunk, params.n);
  var sum = T();
  if (HAS_X) { sum = x[t]; }
  if (r != params.skip) {
    for (var j = start; j < end; j++) {
      let at = (o * params.n + j) * params.inner + i;
      var key = j;
      if (PER_ELEMENT) { key = at; }
      if (index[key] == r) { sum += src[at]; }
    }
  }
  y[t] = sum;
}
