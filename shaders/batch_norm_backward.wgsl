// Gradient of batch norm in x, one pass, once the sums over each channel are known. With xhat = (x - mean) * rstd:
//   training:   dx = weight * rstd * (dy - dbias / n - xhat * dweight / n), n the elements of a channel
//   evaluation: dx = weight * rstd * dy, the statistics being constants (FROM_VARIANCE: `spread` as in batch_norm.wgsl)
// Grid: one thread per UNITS units, folded into y.

// @variant V=f32 FROM_VARIANCE=true

alias V = vec4f;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> spread: array<f32>;
@group(0) @binding(4) var<storage, read> weight: array<f32>;
@group(0) @binding(5) var<storage, read> dweight: array<f32>;
@group(0) @binding(6) var<storage, read> dbias: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<V>;
@group(0) @binding(8) var<uniform> params: Params;

const HAS_WEIGHT: bool = true;

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
  var offset = 0.0;
  var slope = 0.0;
  for (var k = 0u; k < UNITS; k++) {
    if (s.at >= params.n) { return; }
    if (s.channel != loaded) {
      loaded = s.channel;
      let rstd = rstd_of(loaded);
      scale = rstd;
      if (HAS_WEIGHT) { scale *= weight[loaded]; }
      if (!FROM_VARIANCE) {
        center = mean[loaded];
        rest = rest_of(loaded);
        offset = dbias[loaded] / params.elements;
        slope = rstd * dweight[loaded] / params.elements;
      }
    }
    if (FROM_VARIANCE) {
      dx[s.at] = finish(dy[s.at] * scale, s.at);
    } else {
      dx[s.at] = finish((dy[s.at] - V(offset) - (x[s.at] - V(center) - V(rest)) * slope) * scale, s.at);
    }
    next(&s);
  }
}
