// Merges neighbouring sorted runs of `width` pairs (key, index) in each row of n: the place of a pair is its place in its own
// run plus the number of pairs of the other run that come before it, found by bisection. Stable: the left run's equals
// come first. With LAST writes the indices alone. Grid: one thread a pair, folded into y.
// @variant LAST=true

@group(0) @binding(0) var<storage, read> pairs: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> merged: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;

struct Params { size: u32, n: u32, width: u32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;
const LAST: bool = false;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let at = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (at >= params.size) { return; }
  let row = at / params.n * params.n;
  let i = at - row;
  let pair = pairs[at];
  let run = i / params.width;
  let right = (run & 1u) == 1u;
  let other = select(run + 1u, run - 1u, right) * params.width;
  // low: the first place of the other run that does not come before this pair.
  var low = min(other, params.n);
  var high = min(other + params.width, params.n);
  while (low < high) {
    let middle = (low + high) / 2u;
    let k = pairs[row + middle].x;
    if (k < pair.x || (right && k == pair.x)) { low = middle + 1u; } else { high = middle; }
  }
  // Left: i plus what precedes in the right run; right: the same, its own run less what precedes it.
  let to = row + select(i + low - min(other, params.n), i - params.width + low - other, right);
  if (LAST) { y[to] = i32(pair.y); } else { merged[to] = pair; }
}
