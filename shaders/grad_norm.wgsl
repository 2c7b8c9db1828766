// Clipping by the norm of all gradients (torch.nn.utils.clip_grad_norm_), two dispatches over the flat slab.
// partials: workgroup w sums squares (or takes the largest |g| if INFINITE) over its share, partial[w] = the result.
// scale: every workgroup folds the partials again in the same fixed order, then g *= min(1, max_norm / (norm + 1e-6)).
// A zero stays zero even if the ratio is NaN: the slab's padding must, or one bad step would spoil every later norm.
// Grid: partials: `groups` workgroups from partial[first]; scale: one thread per four elements, folded into y.

@group(0) @binding(0) var<storage, read_write> g: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;

struct Params { n4: u32, first: u32, groups: u32, count: u32, max_norm: f32 }
@group(0) @binding(3) var<uniform> params: Params;

const INFINITE: bool = false;
const WG: u32 = 64;
// @variant INFINITE=true entry=partials
// @variant INFINITE=true entry=scale

var<workgroup> lanes: array<f32, WG>;

fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }

fn merge(a: f32, b: f32) -> f32 {
  if (INFINITE) { return select(max(a, b), a + b, is_nan(a) || is_nan(b)); }
  return a + b;
}

// Folds one value of every lane; has barriers; returns to every lane.
fn fold(value: f32, lane: u32) -> f32 {
  lanes[lane] = value;
  workgroupBarrier();
  for (var half = WG / 2u; half > 0u; half /= 2u) {
    if (lane < half) { lanes[lane] = merge(lanes[lane], lanes[lane + half]); }
    workgroupBarrier();
  }
  return lanes[0];
}

@compute @workgroup_size(WG)
fn partials(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  var total = 0.0;
  for (var i = wid.x * WG + lid.x; i < params.n4; i += params.groups * WG) {
    let x = g[i];
    if (INFINITE) {
      let a = abs(x);
      total = merge(merge(total, a.x), merge(merge(a.y, a.z), a.w));
    } else {
      total += dot(x, x);
    }
  }
  let sum = fold(total, lid.x);
  if (lid.x == 0u) { partial[params.first + wid.x] = sum; }
}

@compute @workgroup_size(WG)
fn scale(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  var total = 0.0;
  for (var k = lid.x; k < params.count; k += WG) { total = merge(total, partial[k]); }
  let folded = fold(total, lid.x);
  let size = select(sqrt(folded), folded, INFINITE);
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i == 0u) { norm[0] = size; }
  let ratio = params.max_norm / (size + 1e-6);
  // min may drop a NaN, which must reach the weights to be noticed.
  if (i < params.n4) {
    let x = g[i];
    let zero = (bitcast<vec4<u32>>(x) & vec4(0x7fffffffu)) == vec4(0u);
    g[i] = select(x * select(min(1.0, ratio), ratio, is_nan(ratio)), x, zero);
  }
}
