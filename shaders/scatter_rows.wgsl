// y[o, r, i] = x[o, r, i] + sum of src[o, j, i] over the j with index[j] = r, in order, so always the same bits: for a small
// product of rows and indices. A thread has UNITS units of a row, so that one look at an index serves them all, and looks at
// 4 * LOOK indices at a time. For many rows and indices: scatter_link.wgsl; for an index per element: scatter_add.wgsl.
// Grid: one thread per (o, r, group of UNITS units), folded into y.
// @variant V=f32 HAS_X=true
alias V = vec4<f32>;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> index: array<vec4<i32>>; // [ceil(n / 4)]
@group(0) @binding(2) var<storage, read> src: array<V>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;

struct Params { threads: u32, rows: u32, n: u32, inner: u32, groups: u32, skip: i32 } // inner in units
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const UNITS: u32 = 8;
const HAS_X: bool = false;
const LOOK: u32 = 8; // vectors of indices, at most 8
const BITS: vec4<u32> = vec4<u32>(1u, 2u, 4u, 8u);
const FOUR: vec4<u32> = vec4<u32>(0u, 1u, 2u, 3u);

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let first = t % params.groups * UNITS;
  let row = t / params.groups; // o * rows + r
  let r = i32(row % params.rows);
  let o = row / params.rows;
  let last = params.inner - 1u;
  var sum: array<V, UNITS>;
  // @unroll
  for (var u = 0u; u < UNITS; u++) {
    if (HAS_X) { sum[u] = x[row * params.inner + min(first + u, last)]; }
  }
  let all = (params.n + 3u) / 4u;
  for (var j = 0u; j < all; j += LOOK) {
    var hits = 0u; // bit 4 l + e: index 4 (j + l) + e is this row
    // @unroll
    for (var l = 0u; l < LOOK; l++) {
      let at = min(j + l, all - 1u);
      let hit = index[at] == vec4<i32>(r);
      let bits = select(vec4<u32>(), BITS, hit & (vec4<u32>(4u * (j + l)) + FOUR < vec4<u32>(params.n)));
      hits |= (bits.x | bits.y | bits.z | bits.w) << (4u * l);
    }
    if (r == params.skip) { hits = 0u; }
    // A loop, not an if: software adapters run the body of an if in any case, and hits are rare.
    while (hits != 0u) {
      let from_row = (o * params.n + 4u * j + countTrailingZeros(hits)) * params.inner;
      hits &= hits - 1u;
      // @unroll
      for (var u = 0u; u < UNITS; u++) { sum[u] += src[from_row + min(first + u, last)]; }
    }
  }
  // @unroll
  for (var u = 0u; u < UNITS; u++) {
    if (first + u < params.inner) { y[row * params.inner + first + u] = sum[u]; }
  }
}
