// y[k1,k2,i] = fold over (r1,r2) of pre(x[k1,r1,k2,r2,i]): the reduction of any axes, with adjacent ones merged.
// sum, max, any ... are `pre`, `combine` and `finish`. Each output belongs to LANES threads, which stride over its elements
// (coalesced: along r2 if inner = 1, else threads lie along i); `splits` such teams each leave a partial result
// y[split, k1,k2,i], folded by a second dispatch. The order is fixed: no atomics, two runs are bit-identical.
// Grid: splits * outputs * LANES threads, folded into y.
alias X = vec4<f32>; // what one load gives: four of r2 (inner = 1), four of i, or one element
alias A = vec4<f32>; // accumulator, as wide as X
alias S = f32; // its element
alias C = f32; // center: of one output, or of four
alias Y = f32;

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read> center: array<C>;
@group(0) @binding(2) var<storage, read_write> y: array<Y>;

// Sizes in loads of X. init: bits of the neutral element, which may be an infinity. scale: of the result.
struct Params { outputs: u32, splits: u32, r1: u32, k2: u32, r2: u32, inner: u32, init: u32, scale: f32 }
@group(0) @binding(3) var<uniform> params: Params;

const WG: u32 = 64;
const LANES: u32 = 64; // a power of two
const HAS_CENTER: bool = false;
// Rounding errors grow with the length of a chain of additions: so one chain adds up chains of BLOCK.
const BLOCK: u32 = 16;
// Loads a turn: 4 do not wait for each other; they must be equally far apart, so r1 = 1, or no wrap of r2 within a turn.
const TURN: u32 = 4;
// @variant TURN=1

fn pre(v: X, c: C) -> A { return v; }
fn combine(a: A, b: A) -> A { return a + b; }
fn finish(v: A) -> Y {
  let pair = combine(v, v.zwxy);
  return combine(pair, pair.yxwz).x * params.scale;
}

fn prologue(i: u32) -> X { return x[i]; }
fn epilogue(v: f32, i: u32) -> f32 { return v; }
// epilogue of every element of unit i, where y holds f32; replaced where the kernel is run: its text depends on Y.
fn behind(v: Y, i: u32) -> Y { return v; }

// Folds every element `step` apart of output `o`, from `lane` on.
fn strip(o: u32, lane: u32, step: u32) -> A {
  let row = o / params.inner; // (k1, k2)
  let stride1 = params.k2 * params.r2 * params.inner; // of r1
  let base = (row / params.k2) * params.r1 * stride1 + (row % params.k2) * params.r2 * params.inner + o % params.inner;
  // (r1, r2) of the next element is kept as an offset: no division in the loop.
  let hop = TURN * step;
  var r2 = lane % params.r2;
  var at = base + (lane / params.r2) * stride1 + r2 * params.inner;
  let hop_r2 = hop % params.r2;
  let hop_at = (hop / params.r2) * stride1 + hop_r2 * params.inner;
  let wrap = stride1 - params.r2 * params.inner;
  let pitch = step * params.inner;

  var c = C();
  if (HAS_CENTER) { c = center[o]; }
  let init = A(bitcast<S>(params.init));
  let r_count = params.r1 * params.r2;
  var total = init;
  var r = lane;
  while (r < r_count) {
    let stop = min(r + BLOCK * hop, r_count);
    var block = init;
    for (; r < stop; r += hop) {
      var v = pre(prologue(at), c);
      if (TURN == 4u) { // what lies behind the end counts as `init`; it is the first one again, so that nothing else is read
        let has1 = r + step < r_count;
        let has2 = r + 2u * step < r_count;
        let has3 = r + 3u * step < r_count;
        let v1 = select(init, pre(prologue(select(at, at + pitch, has1)), c), has1);
        let v2 = select(init, pre(prologue(select(at, at + 2u * pitch, has2)), c), has2);
        let v3 = select(init, pre(prologue(select(at, at + 3u * pitch, has3)), c), has3);
        v = combine(combine(v, v1), combine(v2, v3));
      }
      block = combine(block, v);
      r2 += hop_r2;
      let over = r2 >= params.r2;
      r2 -= select(0u, params.r2, over);
      at += hop_at + select(0u, wrap, over);
    }
    total = combine(total, block);
  }
  return total;
}

var<workgroup> partials: array<A, WG>;

// Folds the totals of a team; lane 0 gets the result. Barriers inside, so every thread must call. Replaced for LANES = 1:
// the barriers, and the clearing of workgroup memory that WGSL asks for, cost a software adapter more than the sum.
fn fold_team(total: A, at: u32, lane: u32) -> A {
  partials[at] = total;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { partials[at] = combine(partials[at], partials[at + half]); }
  }
  return partials[at];
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let thread = (wid.y * nwg.x + wid.x) * WG + lid.x;
  let team = thread / LANES;
  let lane = thread % LANES;
  let valid = team < params.outputs * params.splits;
  var total = A(bitcast<S>(params.init));
  if (valid) {
    total = strip(team % params.outputs, (team / params.outputs) * LANES + lane, LANES * params.splits);
  }
  total = fold_team(total, lid.x, lane);
  if (valid && lane == 0u) { y[team] = behind(finish(total), team); }
}
