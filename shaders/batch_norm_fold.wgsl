// Merges the partial statistics of each channel in the order of the splits:
//   mean = shift, then rest, of all channels, rstd = 1 / sqrt(m2 / n + eps), as normalise takes them (biased variance)
//   running += momentum * (mean or m2 / (n - 1) - running), the unbiased variance as PyTorch; batches += 1
// With CUMULATIVE the momentum is 1 / batches: plain averages over all batches.
// Grid: ONE workgroup, so that `batches` can change after every lane has read it.

// @variant CUMULATIVE=true

const WG: u32 = 256;
const HAS_RUNNING: bool = true;
const HAS_BATCHES: bool = true;
const CUMULATIVE: bool = false;

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> rstd: array<f32>;
@group(0) @binding(3) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> running_var: array<f32>;
@group(0) @binding(5) var<storage, read_write> batches: array<i32>;

struct Params {
  c: u32,
  splits: u32,
  eps: f32,
  momentum: f32,
}
@group(0) @binding(6) var<uniform> params: Params;

// import batch_norm_moments.wgsl

fn part(split: u32, channel: u32) -> Moments {
  let at = (split * params.c + channel) * 4u;
  return Moments(partial[at], partial[at + 1u], partial[at + 2u], partial[at + 3u]);
}

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lane: u32) {
  var momentum = params.momentum;
  if (CUMULATIVE) { momentum = 1.0 / f32(batches[0] + 1); }
  for (var channel = lane; channel < params.c; channel += WG) {
    var all = part(0u, channel);
    for (var s = 1u; s < params.splits; s++) { all = merge(all, part(s, channel)); }
    mean[channel] = all.shift;
    mean[params.c + channel] = all.rest;
    rstd[channel] = 1.0 / sqrt(all.m2 / all.count + params.eps);
    if (HAS_RUNNING) {
      // Not old + momentum * (new - old): momentum 1 must give the new value exactly.
      let unbiased = all.m2 / (all.count - 1.0);
      running_mean[channel] = (1.0 - momentum) * running_mean[channel] + momentum * (all.shift + all.rest);
      running_var[channel] = (1.0 - momentum) * running_var[channel] + momentum * unbiased;
    }
  }
  if (HAS_BATCHES) {
    storageBarrier();
    if (lane == 0u) { batches[0]++; }
  }
}
