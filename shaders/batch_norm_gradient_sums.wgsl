// partial[split,0,channel] = sum of dy * xhat, partial[split,1,channel] = sum of dy over one split of a channel, with
// xhat = (x - mean) * rstd: the gradients of weight and bias once norm_gradient_fold.wgsl has added the splits.
// `spread` as in batch_norm.wgsl. Grid: [c, splits] workgroups.

// @variant V=f32 WIDTH=1 FROM_VARIANCE=true

alias V = vec4f;
const WIDTH: f32 = 4.0;
const FROM_VARIANCE: bool = false;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> spread: array<f32>;
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

// import batch_norm_walk.wgsl

var<workgroup> lanes: array<vec2f, WG>;

fn total(v: vec4f) -> f32 { return ((v.x + v.y) + (v.z + v.w)) * (WIDTH * 0.25); }

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  var w = walk(wid.x, wid.y, lane);
  let center = V(mean[wid.x]);
  var rest = V();
  if (!FROM_VARIANCE) { rest = V(mean[params.c + wid.x]); }
  var products = V();
  var sum = V();
  while (w.left > 0u) {
    var block_products = V();
    var block_sum = V();
    for (var k = min(w.left, BLOCK); k > 0u; k--) {
      let g = dy[w.at];
      block_products += g * (x[w.at] - center - rest);
      block_sum += g;
      advance(&w);
    }
    products += block_products;
    sum += block_sum;
  }
  // A single element is widened to four of its kind.
  lanes[lane] = vec2f(total(vec4f(products)), total(vec4f(sum)));
  workgroupBarrier();
  if (lane == 0u) {
    var both = lanes[0];
    for (var l = 1u; l < WG; l++) { both += lanes[l]; }
    var rstd = spread[wid.x];
    if (FROM_VARIANCE) { rstd = 1.0 / sqrt(rstd + params.eps); }
    let to = wid.y * 2u * params.c + wid.x;
    partial[to] = both.x * rstd;
    partial[to + params.c] = both.y;
  }
}
