// Library of the sampling kernels: which elements of an image the point p of a grid reads, and with what weights. The grid
// holds column, row and, if DEEP, depth, -1 to 1 over the image. Tap k reads offsets[k] within a plane of x, or nothing
// (NOTHING) where it lies beyond the edge and `padding` is 0, or the point is NaN.
// TAPS along each axis: 1 the nearest, 2 linear, 4 cubic (Keys 1981, a = -0.75). padding: 0 nothing, 1 the edge, 2 reflected
// at the edge's outer border, or with `align` at its centre. A cubic brings its taps inside one by one, the others the point.
// What costs little at run time is no constant: pipelines are few.

const TAPS: u32 = 2;
const LAYERS: u32 = 1; // TAPS if DEEP
const ALL: u32 = TAPS * TAPS * LAYERS;
const DEEP: bool = false;
const NOTHING: u32 = 0xffffffffu;

struct Taps {
  offsets: array<u32, ALL>,
  weights: array<f32, ALL>,
  slopes_x: array<f32, ALL>, // d weights / d grid
  slopes_y: array<f32, ALL>,
  slopes_z: array<f32, ALL>,
}

struct Image { d: u32, h: u32, w: u32, padding: u32, align: u32 }

struct Axis {
  at: array<u32, TAPS>, // `size` and more: reads nothing
  weights: array<f32, TAPS>,
  slopes: array<f32, TAPS>,
}

fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }
fn far(d: f32) -> f32 { return ((-0.75 * d + 3.75) * d - 6.0) * d + 3.0; }
fn near(d: f32) -> f32 { return (1.25 * d - 2.25) * d * d + 1.0; }
fn far_slope(d: f32) -> f32 { return (-2.25 * d + 7.5) * d - 6.0; }
fn near_slope(d: f32) -> f32 { return (3.75 * d - 4.5) * d; }

fn along(g: f32, size: u32, padding: u32, align: bool) -> Axis {
  let n = f32(size);
  var slope = select(n, n - 1.0, align) * 0.5;
  var at = (g + 1.0) * slope - select(0.5, 0.0, align);
  if (TAPS < 4u && padding == 2u) {
    let low = select(-0.5, 0.0, align);
    let span = 2.0 * slope;
    let d = at - low;
    let turns = floor(abs(d) / max(span, 0.5));
    let rest = abs(d) - turns * span;
    let back = turns - 2.0 * floor(turns * 0.5) > 0.5;
    at = select(rest, span - rest, back) + low;
    slope = select(slope, -slope, (d < 0.0) != back);
  }
  if (TAPS < 4u && padding > 0u) {
    slope = select(0.0, slope, at > 0.0 && at < n - 1.0);
    at = select(min(max(at, 0.0), n - 1.0), at, is_nan(at));
  }
  var axis: Axis;
  var base = floor(at);
  if (TAPS == 1u) {
    base = round(at);
    axis.weights[0] = 1.0;
  } else if (TAPS == 2u) {
    axis.weights[0] = base + 1.0 - at;
    axis.weights[TAPS - 1u] = at - base;
    axis.slopes[0] = -slope;
    axis.slopes[TAPS - 1u] = slope;
  } else {
    base -= 1.0;
    let t = at - base;
    axis.weights[0] = far(t);
    axis.weights[min(1u, TAPS - 1u)] = near(t - 1.0);
    axis.weights[min(2u, TAPS - 1u)] = near(2.0 - t);
    axis.weights[min(3u, TAPS - 1u)] = far(3.0 - t);
    axis.slopes[0] = far_slope(t) * slope;
    axis.slopes[min(1u, TAPS - 1u)] = near_slope(t - 1.0) * slope;
    axis.slopes[min(2u, TAPS - 1u)] = -near_slope(2.0 - t) * slope;
    axis.slopes[min(3u, TAPS - 1u)] = -far_slope(3.0 - t) * slope;
  }
  // Beyond any image; also for NaN, of which the conversion to i32 may make anything.
  let first = select(i32(clamp(base, -1e9, 1e9)), -1000000000, is_nan(base) || is_nan(g));
  // @unroll
  for (var k = 0u; k < TAPS; k++) {
    axis.at[k] = inside(first + i32(k), size, padding, align);
  }
  return axis;
}

// The element that tap `at` reads, or `size` and more for none.
fn inside(at: i32, size: u32, padding: u32, align: bool) -> u32 {
  if (TAPS < 4u || padding == 0u || at < -500000000) { return u32(at); }
  let n = i32(size);
  if (padding == 1u) { return u32(clamp(at, 0, n - 1)); }
  let period = max(select(2 * n, 2 * n - 2, align), 1);
  let turn = ((at % period) + period) % period;
  return u32(select(turn, select(2 * n - 1, 2 * n - 2, align) - turn, turn >= n));
}

fn taps_at(gx: f32, gy: f32, gz: f32, image: Image) -> Taps {
  let align = image.align != 0u;
  let x = along(gx, image.w, image.padding, align);
  let y = along(gy, image.h, image.padding, align);
  var z: Axis;
  if (DEEP) { z = along(gz, image.d, image.padding, align); } else { z.weights[0] = 1.0; }
  var taps: Taps;
  // @unroll
  for (var k = 0u; k < ALL; k++) {
    let ix = x.at[k % TAPS];
    let iy = y.at[k / TAPS % TAPS];
    let iz = z.at[k / (TAPS * TAPS)];
    let hit = ix < image.w && iy < image.h && iz < image.d;
    taps.offsets[k] = select(NOTHING, (iz * image.h + iy) * image.w + ix, hit);
    let wx = x.weights[k % TAPS];
    let wy = y.weights[k / TAPS % TAPS];
    let wz = z.weights[k / (TAPS * TAPS)];
    taps.weights[k] = select(0.0, wx * wy * wz, hit); // far outside, weights are NaN
    taps.slopes_x[k] = select(0.0, x.slopes[k % TAPS] * wy * wz, hit);
    taps.slopes_y[k] = select(0.0, wx * y.slopes[k / TAPS % TAPS] * wz, hit);
    taps.slopes_z[k] = select(0.0, wx * wy * z.slopes[k / (TAPS * TAPS)], hit);
  }
  return taps;
}
