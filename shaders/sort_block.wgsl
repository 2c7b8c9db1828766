// Sorts blocks of 8 elements of each row of x [rows, n] in registers, by the network of 19 comparisons. Leaves pairs
// (key, index), or with LAST (n <= 8) the indices alone. Stable: the index decides between equal keys.
// Grid: one thread a block, folded into y.
// @variant LAST=true T=u32
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> pairs: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;

// threads: rows * blocks; blocks: of a row; flip: 0xffffffff for descending order
struct Params { threads: u32, n: u32, blocks: u32, flip: u32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;
const LAST: bool = false;

// Orders floats as integers: -0 = 0, NaN above all, as in PyTorch. Replaced for integers.
fn key(v: T) -> u32 {
  let bits = bitcast<u32>(v);
  let magnitude = bits & 0x7fffffffu;
  let order = select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
  return select(order, 0xffffffffu, magnitude > 0x7f800000u);
}

// Past the end of its row: behind everything.
fn pair(row: u32, i: u32) -> vec2<u32> {
  let v = key(x[row + min(i, params.n - 1u)]) ^ params.flip;
  return select(vec2<u32>(v, i), vec2<u32>(0xffffffffu), i >= params.n);
}

fn ordered(a: vec2<u32>, b: vec2<u32>) -> vec4<u32> {
  let swapped = b.x < a.x || (b.x == a.x && b.y < a.y);
  return select(vec4<u32>(a, b), vec4<u32>(b, a), swapped);
}

fn put(row: u32, i: u32, v: vec2<u32>) {
  if (i >= params.n) { return; }
  if (LAST) { y[row + i] = i32(v.y); } else { pairs[row + i] = v; }
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let thread = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (thread >= params.threads) { return; }
  let row = thread / params.blocks * params.n;
  let begin = thread % params.blocks * 8u;
  var e0 = pair(row, begin + 0u);
  var e1 = pair(row, begin + 1u);
  var e2 = pair(row, begin + 2u);
  var e3 = pair(row, begin + 3u);
  var e4 = pair(row, begin + 4u);
  var e5 = pair(row, begin + 5u);
  var e6 = pair(row, begin + 6u);
  var e7 = pair(row, begin + 7u);
  var p: vec4<u32>;
  p = ordered(e0, e2); e0 = p.xy; e2 = p.zw;
  p = ordered(e1, e3); e1 = p.xy; e3 = p.zw;
  p = ordered(e4, e6); e4 = p.xy; e6 = p.zw;
  p = ordered(e5, e7); e5 = p.xy; e7 = p.zw;
  p = ordered(e0, e4); e0 = p.xy; e4 = p.zw;
  p = ordered(e1, e5); e1 = p.xy; e5 = p.zw;
  p = ordered(e2, e6); e2 = p.xy; e6 = p.zw;
  p = ordered(e3, e7); e3 = p.xy; e7 = p.zw;
  p = ordered(e0, e1); e0 = p.xy; e1 = p.zw;
  p = ordered(e2, e3); e2 = p.xy; e3 = p.zw;
  p = ordered(e4, e5); e4 = p.xy; e5 = p.zw;
  p = ordered(e6, e7); e6 = p.xy; e7 = p.zw;
  p = ordered(e2, e4); e2 = p.xy; e4 = p.zw;
  p = ordered(e3, e5); e3 = p.xy; e5 = p.zw;
  p = ordered(e1, e4); e1 = p.xy; e4 = p.zw;
  p = ordered(e3, e6); e3 = p.xy; e6 = p.zw;
  p = ordered(e1, e2); e1 = p.xy; e2 = p.zw;
  p = ordered(e3, e4); e3 = p.xy; e4 = p.zw;
  p = ordered(e5, e6); e5 = p.xy; e6 = p.zw;
  put(row, begin + 0u, e0);
  put(row, begin + 1u, e1);
  put(row, begin + 2u, e2);
  put(row, begin + 3u, e3);
  put(row, begin + 4u, e4);
  put(row, begin + 5u, e5);
  put(row, begin + 6u, e6);
  put(row, begin + 7u, e7);
}
