// y = (x - mean) * rstd * weight + bias, per channel of x [n,c,plane]. With FROM_VARIANCE `spread` is the running variance,
// from which rstd = 1 / sqrt(spread + eps); else it is rstd, and mean is shift and rest (batch_norm_moments.wgsl).
// Grid: one thread per UNITS units, folded into y.

// @variant V=f32 FROM_VARIANCE=true

alias V = vec4f;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> spread: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<V>;
@group(0) @binding(6) var<uniform> params: Params;

const HAS_WEIGHT: bool = true;
const HAS_BIAS: bool = true;

// import batch_norm_stream.wgsl

fn epilogue(v: f32, i: u32) -> f32 { return v; }
// epilogue of every element of unit i; replaced where the kernel is run: its text depends on V.
fn finish(v: V, i: u32) -> V { return v; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  var s = stream((wid.y * nwg.x + wid.x) * UNITS * WG + lid.x);
  var loaded = params.c; // the channel whose numbers are in registers: none
  var center = 0.0;
  var rest = 0.0;
  var scale = 0.0;
  var shift = 0.0;
  for (var k = 0u; k < UNITS; k++) {
    if (s.at >= params.n) { return; }
    if (s.channel != loaded) {
      loaded = s.channel;
      center = mean[loaded];
      rest = rest_of(loaded);
      scale = rstd_of(loaded);
      if (HAS_WEIGHT) { scale *= weight[loaded]; }
      if (HAS_BIAS) { shift = bias[loaded]; }
    }
    y[s.at] = finish((x[s.at] - V(center) - V(rest)) * scale + V(shift), s.at);
    next(&s);
  }
}
