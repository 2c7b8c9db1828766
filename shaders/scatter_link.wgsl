// Scatter-add for many rows, step 1 of 3: the contributions to one target as a linked list, head[key] -> next[..] -> -1.
// The order within a list is whatever the race of the integer atomics makes it; its set is not, and step 2
// (scatter_order.wgsl) sorts it; step 3: scatter_chain.wgsl. `head` comes in filled with -1.
// Targets: key = index[j]; PER_ELEMENT, the element of y itself, index [outer, n, inner]. key = -1: no target, ignored.
// Grid: one thread per element of index, folded into y.
// @variant PER_ELEMENT=true
@group(0) @binding(0) var<storage, read> index: array<i32>;
@group(0) @binding(1) var<storage, read_write> head: array<atomic<i32>>;
@group(0) @binding(2) var<storage, read_write> keys: array<i32>;
@group(0) @binding(3) var<storage, read_write> next: array<i32>;

struct Params { size: u32, rows: u32, n: u32, inner: u32, skip: i32 }
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const PER_ELEMENT: bool = false;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let e = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (e >= params.size) { return; }
  let r = index[e];
  if (r < 0 || r >= i32(params.rows) || r == params.skip) {
    keys[e] = -1;
    return;
  }
  var key = u32(r);
  if (PER_ELEMENT) {
    key = (e / (params.inner * params.n) * params.rows + key) * params.inner + e % params.inner;
  }
  keys[e] = i32(key);
  next[e] = atomicExchange(&head[key], i32(e));
}
