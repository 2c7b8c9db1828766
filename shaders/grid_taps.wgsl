// Rows of x [n * d * h * w, c] that the points of a sampling grid read: index[k, p] = ((image * d + iz) * h + iy) * w + ix
// with (ix, iy, iz) = (x0[p], y0[p], z0[p]) + offset of tap k, ix the fastest, or -1 outside. x0, y0, z0 hold whole numbers.
// Without DEEP there is no z: d = 1, and z0 is not read.
// Beyond the edge, MODE 0: nothing (-1); 1: the edge; 2: reflected at the edge's outer border; 3: at its centre.
// Grid: one thread per point, folded into y.
// @variant TAPS=4 MODE=2
// @variant DEEP=true
@group(0) @binding(0) var<storage, read> x0: array<f32>;
@group(0) @binding(1) var<storage, read> y0: array<f32>;
@group(0) @binding(2) var<storage, read> z0: array<f32>;
@group(0) @binding(3) var<storage, read_write> index: array<i32>;

struct Params {
  points: u32,
  per_image: u32, // points of one image
  d: i32,
  h: i32,
  w: i32,
}
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const TAPS: u32 = 2;
const MODE: u32 = 0;
const DEEP: bool = false;

// Beyond any image; also for Inf and NaN, of which the conversion to i32 may make anything.
const FAR: f32 = 1e9;

fn whole(v: f32) -> i32 {
  let bits = bitcast<u32>(v) & 0x7fffffffu;
  return select(-1000000000, i32(clamp(v, -FAR, FAR)), bits <= 0x7f800000u);
}

fn inside(at: i32, size: i32) -> i32 {
  if (MODE == 1u) { return clamp(at, 0, size - 1); }
  if (MODE == 2u) {
    let turn = ((at % (2 * size)) + 2 * size) % (2 * size);
    return select(turn, 2 * size - 1 - turn, turn >= size);
  }
  if (MODE == 3u) {
    let period = max(2 * (size - 1), 1);
    let turn = ((at % period) + period) % period;
    return select(turn, period - turn, turn >= size);
  }
  return at;
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let p = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (p >= params.points) { return; }
  let left = whole(x0[p]);
  let top = whole(y0[p]);
  let image = i32(p / params.per_image) * params.d;
  var front = 0;
  var taps = TAPS * TAPS;
  if (DEEP) {
    front = whole(z0[p]);
    taps *= TAPS;
  }
  for (var k = 0u; k < taps; k++) {
    let ix = inside(left + i32(k % TAPS), params.w);
    let iy = inside(top + i32(k / TAPS % TAPS), params.h);
    var iz = 0;
    if (DEEP) { iz = inside(front + i32(k / (TAPS * TAPS)), params.d); }
    let hit = ix >= 0 && ix < params.w && iy >= 0 && iy < params.h && iz >= 0 && iz < params.d;
    index[k * params.points + p] = select(-1, ((image + iz) * params.h + iy) * params.w + ix, hit);
  }
}
