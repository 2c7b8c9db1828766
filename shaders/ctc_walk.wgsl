// One direction of CTC's dynamic programme (Graves et al. 2006, equations 6 to 11) in logarithms, over the states
// blank, label 0, blank, label 1, ..., blank of a sample. Forward: walk[n, t, s] = log probability of all ways to be in s at t,
// emissions up to t included, and from it total[n] = log p and loss[n] = -log p. BACKWARD: of all ways on from s, emissions
// after t. NEVER stands for log 0: no infinities.
// Grid: one workgroup per sample; its lanes share the states, a barrier after every step. Barriers: main.
// @variant BACKWARD=true
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> input_lengths: array<i32>;
@group(0) @binding(3) var<storage, read> target_lengths: array<i32>;
@group(0) @binding(4) var<storage, read_write> walk: array<f32>;
@group(0) @binding(5) var<storage, read_write> total: array<f32>;
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;

// x [steps, batch, classes], labels [batch, width], walk [batch, steps, 2 width + 1]. infinite: the loss of the impossible.
struct Params { steps: u32, batch: u32, classes: u32, width: u32, blank: i32, infinite: f32 }
@group(0) @binding(7) var<uniform> params: Params;

const WG: u32 = 64;
const BACKWARD: bool = false;
const NEVER: f32 = -1e30;

fn label(n: u32, s: i32) -> i32 {
  let own = labels[n * params.width + u32(max(s, 1)) / 2u];
  return select(params.blank, own, s % 2 == 1);
}

fn emission(n: u32, t: u32, s: i32) -> f32 {
  let c = label(n, s);
  if (c < 0 || c >= i32(params.classes)) { return NEVER; }
  return max(x[(t * params.batch + n) * params.classes + u32(c)], NEVER);
}

fn log_add(a: f32, b: f32) -> f32 {
  let top = max(a, b);
  return max(top + log(1.0 + exp(min(a, b) - top)), NEVER);
}

// A step of two leaves out a blank, which only different labels allow. s is the later state.
fn skips(n: u32, s: i32) -> bool {
  return s % 2 == 1 && s > 2 && label(n, s) != label(n, max(s - 2, 0));
}

fn came(n: u32, t: u32, s: i32, row: u32) -> f32 {
  if (t == 0u) { return select(NEVER, emission(n, t, s), s < 2); }
  var sum = walk[row + u32(s)];
  if (s > 0) { sum = log_add(sum, walk[row + u32(s) - 1u]); }
  if (skips(n, s)) { sum = log_add(sum, walk[row + u32(s) - 2u]); }
  return max(sum + emission(n, t, s), NEVER);
}

fn goes(n: u32, t: u32, s: i32, row: u32, states: i32, last: u32) -> f32 {
  if (t == last) { return select(NEVER, 0.0, s >= states - 2); }
  var sum = walk[row + u32(s)] + emission(n, t + 1u, s);
  if (s + 1 < states) { sum = log_add(sum, walk[row + u32(s) + 1u] + emission(n, t + 1u, s + 1)); }
  if (s + 2 < states && skips(n, s + 2)) {
    sum = log_add(sum, walk[row + u32(s) + 2u] + emission(n, t + 1u, s + 2));
  }
  return max(sum, NEVER);
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let n = min(wid.y * nwg.x + wid.x, params.batch - 1u);
  let stride = 2u * params.width + 1u;
  let states = 2 * clamp(target_lengths[n], 0, i32(params.width)) + 1;
  let steps = u32(clamp(input_lengths[n], 0, i32(params.steps)));
  for (var i = 0u; i < params.steps; i++) {
    if (i < steps) {
      let t = select(i, steps - 1u - i, BACKWARD);
      let row = (n * params.steps + t) * stride;
      for (var s = i32(lid.x); s < states; s += i32(WG)) {
        var v = 0.0;
        if (BACKWARD) {
          v = goes(n, t, s, row + stride, states, steps - 1u);
        } else {
          v = came(n, t, s, row - stride);
        }
        walk[row + u32(s)] = v;
      }
    }
    storageBarrier();
  }
  if (BACKWARD || lid.x > 0u) { return; }
  var p = select(NEVER, 0.0, states == 1);
  if (steps > 0u) {
    let row = (n * params.steps + steps - 1u) * stride + u32(states);
    p = walk[row - 1u];
    if (states > 1) { p = log_add(p, walk[row - 2u]); }
  }
  total[n] = p;
  loss[n] = select(-p, params.infinite, p <= 0.5 * NEVER);
}
