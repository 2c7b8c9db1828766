// Sorts blocks of BLOCK elements of each row of x [rows, n] by counting: the rank of an element is the number of those before
// it. Leaves pairs (key, index), or with LAST (n <= BLOCK) the indices alone. Stable: of equal keys the first comes first.
// Grid: one thread an element, folded into y.
// @variant LAST=true T=u32
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> pairs: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;

// flip: 0xffffffff for descending order
struct Params { size: u32, n: u32, flip: u32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;
const BLOCK: u32 = 32;
const LAST: bool = false;

// Orders floats as integers: -0 = 0, NaN above all, as in PyTorch. Replaced for integers.
fn key(v: T) -> u32 {
  let bits = bitcast<u32>(v);
  let magnitude = bits & 0x7fffffffu;
  let order = select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
  return select(order, 0xffffffffu, magnitude > 0x7f800000u);
}

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
  let begin = i / BLOCK * BLOCK;
  let end = min(begin + BLOCK, params.n);
  let own = key(x[at]) ^ params.flip;
  var rank = 0u;
  for (var j = begin; j < end; j++) {
    let other = key(x[row + j]) ^ params.flip;
    rank += u32(other < own || (other == own && j < i));
  }
  if (LAST) { y[row + begin + rank] = i32(i); } else { pairs[row + begin + rank] = vec2<u32>(own, i); }
}
