// Scatter-add, step 2 of 3: every element e walks the list of its target for the smallest member above it, after[e] (-1:
// none), and the smallest of all becomes first[key]. Depends on the set only, so the chain is the same in every run.
// Work: the square of the longest list. Grid: one thread per element of index, folded into y.
@group(0) @binding(0) var<storage, read> keys: array<i32>;
@group(0) @binding(1) var<storage, read> head: array<i32>;
@group(0) @binding(2) var<storage, read> next: array<i32>;
@group(0) @binding(3) var<storage, read_write> first: array<i32>;
@group(0) @binding(4) var<storage, read_write> after: array<i32>;

struct Params { size: u32 }
@group(0) @binding(5) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let e = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (e >= params.size) { return; }
  let own = i32(e);
  let key = keys[e];
  if (key < 0) { return; }
  var best = -1;
  var smallest = own;
  for (var other = head[key]; other >= 0; other = next[other]) {
    smallest = min(smallest, other);
    if (other > own && (best < 0 || other < best)) { best = other; }
  }
  after[e] = best;
  if (smallest == own) { first[key] = own; }
}
