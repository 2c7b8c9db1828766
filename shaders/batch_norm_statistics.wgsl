// partial[split,channel] = count, shift, rest and m2 of one split of a channel of x [n,c,plane]; batch_norm_fold.wgsl merges them.
// Each lane sums d and d^2 of d = x - shift, with the mean of its first unit as shift: since that lies among its own
// elements, the difference of the two sums loses no more than their number costs. Grid: [c, splits] workgroups.

// @variant V=f32 WIDTH=1

alias V = vec4f;
const WIDTH: f32 = 4.0;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

// import batch_norm_walk.wgsl
// import batch_norm_moments.wgsl

var<workgroup> lanes: array<Moments, WG>;

fn total(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
// Both widths in one text: V(0) is 0 in every component.
fn widen(v: V) -> vec4f { return vec4f(v); }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  var w = walk(wid.x, wid.y, lane);
  var own = Moments(0.0, 0.0, 0.0, 0.0);
  if (w.left > 0u) {
    let count = f32(w.left) * WIDTH;
    let shift = total(widen(x[w.at])) * 0.25; // a single element is widened to four of its kind
    var sum = V();
    var squares = V();
    while (w.left > 0u) {
      var block_sum = V();
      var block_squares = V();
      for (var k = min(w.left, BLOCK); k > 0u; k--) {
        let d = x[w.at] - V(shift);
        block_sum += d;
        block_squares += d * d;
        advance(&w);
      }
      sum += block_sum;
      squares += block_squares;
    }
    let s = total(widen(sum)) * (WIDTH * 0.25);
    let q = total(widen(squares)) * (WIDTH * 0.25);
    own = Moments(count, shift, s / count, max(q - s * s / count, 0.0));
  }
  lanes[lane] = own;
  workgroupBarrier();
  if (lane == 0u) {
    for (var l = 1u; l < WG; l++) { own = merge(own, lanes[l]); }
    let to = (wid.y * params.c + wid.x) * 4u;
    partial[to] = own.count;
    partial[to + 1u] = own.shift;
    partial[to + 2u] = own.rest;
    partial[to + 3u] = own.m2;
  }
}
