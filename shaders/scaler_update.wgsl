// The next loss scale (torch.cuda.amp.GradScaler.update), from what unscale.wgsl found in the gradients of each optimizer:
//   found: scale *= backoff, tracker = 0;  else tracker += 1, and at `interval` scale *= growth unless that is Inf, tracker = 0
// state = (scale, tracker, found so far). gather adds one optimizer's find, update the last one's and decides; both clear it.
// A scale backed off to nothing stays the smallest normal number. Grid: one workgroup of one thread.

@group(0) @binding(0) var<storage, read_write> found: array<u32>;
@group(0) @binding(1) var<storage, read_write> state: array<f32>;

struct Params { growth: f32, backoff: f32, interval: f32 }
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(1)
fn gather() {
  if (found[0] != 0u) { state[2] = 1.0; }
  found[0] = 0u;
}

@compute @workgroup_size(1)
fn update() {
  let bad = found[0] != 0u || state[2] > 0.0;
  found[0] = 0u;
  state[2] = 0.0;
  if (bad) {
    state[0] = max(state[0] * params.backoff, 1.1754944e-38);
    state[1] = 0.0;
    return;
  }
  let good = state[1] + 1.0;
  if (good < params.interval) {
    state[1] = good;
    return;
  }
  let grown = state[0] * params.growth;
  if ((bitcast<u32>(grown) & 0x7f800000u) != 0x7f800000u) { state[0] = grown; }
  state[1] = 0.0;
}
