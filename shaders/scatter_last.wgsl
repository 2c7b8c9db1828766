// winner[o, index[o, j, i], i] = the largest such j: which of several writers to one place is the last. The maximum does
// not depend on the order of the atomics. index [outer, n, inner], winner [outer, rows, inner] starts at -1.
// Grid: one thread per element of index, folded into y.
@group(0) @binding(0) var<storage, read> index: array<i32>;
@group(0) @binding(1) var<storage, read_write> winner: array<atomic<i32>>;

struct Params { size: u32, rows: u32, n: u32, inner: u32 }
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  let r = index[t];
  if (r < 0 || r >= i32(params.rows)) { return; }
  let row = t / params.inner;
  let o = row / params.n;
  let at = (o * params.rows + u32(r)) * params.inner + t % params.inner;
  atomicMax(&winner[at], i32(row % params.n));
}
