// y[plane,o] = max of x over the window of o; indices[plane,o] = where in the h*w plane, -1 for a window wholly outside.
// As PyTorch: of equal values the first wins, NaN beats all, padding counts as -inf.
// Grid: one thread per output, folded into y. Even 2x2 planes: max_pool2d_pairs.wgsl.

// @variant ADAPTIVE=true ROLLED=true

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> indices: array<i32>;
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

// import pool_window.wgsl
// import pool_max.wgsl

struct Best {
  value: f32,
  at: i32,
}

// `best`, or the element at (iy, ix) of the plane if that takes its place.
fn challenge(best: Best, plane: i32, i: vec2i, inside: bool) -> Best {
  let here = i[0] * params.w + i[1];
  let v = x[select(0, plane + here, inside)];
  let wins = inside && (best.at < 0 || beats(v, best.value));
  return Best(select(best.value, v, wins), select(best.at, here, wins));
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.n) { return; }
  let p = place(i, out_size());
  let plane = p.x * params.h * params.w;
  var best = Best(lowest(), -1);
  if (ROLLED) {
    let first = window_first(p.yz);
    let end = min(window_end(p.yz), size());
    for (var iy = first[0]; iy < end[0]; iy += DILATION_Y) {
      for (var ix = first[1]; ix < end[1]; ix += DILATION_X) {
        best = challenge(best, plane, vec2i(iy, ix), true);
      }
    }
  } else {
    let begin = window_begin(p.yz);
    // @unroll
    for (var j = 0; j < TAPS_Y; j++) {
      // @unroll
      for (var k = 0; k < TAPS_X; k++) {
        let at = begin + vec2i(j * DILATION_Y, k * DILATION_X);
        best = challenge(best, plane, at, all(at >= vec2i(0)) && all(at < size()));
      }
    }
  }
  y[i] = best.value;
  indices[i] = best.at;
}
