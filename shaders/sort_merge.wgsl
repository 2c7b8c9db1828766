// Merges neighbouring sorted runs of `width` pairs (key, index) in each row of n. A thread writes STEPS places in a row of the
// result: how many of those before them come from the left run is found by bisection (Odeh et al. 2012, merge path), then it
// merges. Stable: the left run's equals come first. With LAST writes the indices alone. 2 width divides by STEPS.
// Grid: one thread for each STEPS places, folded into y.
// @variant LAST=true

@group(0) @binding(0) var<storage, read> pairs: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> merged: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;

// threads: rows * blocks; blocks: of STEPS places in a row
struct Params { threads: u32, n: u32, blocks: u32, width: u32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;
const STEPS: u32 = 16;
const LAST: bool = false;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let thread = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (thread >= params.threads) { return; }
  let row = thread / params.blocks * params.n;
  let begin = thread % params.blocks * STEPS;
  let left = begin / (2u * params.width) * 2u * params.width; // where the runs start
  let right = min(left + params.width, params.n);
  let left_size = right - left;
  let right_size = min(params.width, params.n - right);
  let before = begin - left;
  var low = before - min(before, right_size);
  var high = min(before, left_size);
  while (low < high) {
    let middle = (low + high) / 2u;
    if (pairs[row + left + middle].x <= pairs[row + right + before - 1u - middle].x) { low = middle + 1u; } else { high = middle; }
  }
  var a = left + low;
  var b = right + before - low;
  let a_end = right;
  let b_end = right + right_size;
  let last = params.n - 1u; // loads past a run are not used
  var next_a = pairs[row + min(a, last)];
  var next_b = pairs[row + min(b, last)];
  let end = min(begin + STEPS, b_end);
  for (var to = begin; to < end; to++) {
    let from_a = a < a_end && (b >= b_end || next_a.x <= next_b.x);
    let taken = select(next_b, next_a, from_a);
    if (LAST) { y[row + to] = i32(taken.y); } else { merged[row + to] = taken; }
    a += u32(from_a);
    b += u32(!from_a);
    let next = pairs[row + min(select(b, a, from_a), last)];
    next_a = select(next_a, next, from_a);
    next_b = select(next, next_b, from_a);
  }
}
