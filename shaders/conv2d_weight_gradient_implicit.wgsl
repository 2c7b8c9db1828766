// Gradient of conv2d in its weight as a product of matrices, the right one of which is never stored (conv2d_implicit.wgsl):
//   partial[split, o, j = (ic, ky, kx)] = sum over the pixels k = (n, oy, ox) of the split of dy[n, o, oy, ox] * x[n, g*cg + ic, ...]
// for each group; conv2d_weight_gradient_sum.wgsl adds the splits. With HAS_SUMS also partial_sums[split, o], the sums of dy.
// Grid: splits * groups * tiles_n * tiles_m workgroups, folded into y; tiles_m = ceil(og / ROWS), tiles_n = ceil(cg * taps / COLS).

// @variant TM=4 TN=4 HAS_SUMS=true
// @variant TM=4
// @variant TN=4

// import conv2d_implicit_tile.wgsl

const HAS_SUMS: bool = false;

struct Params {
  workgroups: u32,
  tiles_m: u32,
  tiles_n: u32,
  pixels: u32, // n * oh * ow
  pixels_per_split: u32, // whole turns
  columns: u32, // cg * taps
  groups: u32,
  h: u32,
  w: u32,
  oh: u32,
  ow: u32,
  cg: u32,
  og: u32,
  kw: u32,
  taps: u32, // kh * kw
  per_kw: f32, // 1 / kw
  per_tap: f32, // 1 / taps
  stride_y: u32,
  stride_x: u32,
  dilation_y: u32,
  dilation_x: u32,
  pad_y: u32,
  pad_x: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // [splits, o, cg * taps]
@group(0) @binding(3) var<storage, read_write> partial_sums: array<f32>; // [splits, o]
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let group = wid.y * nwg.x + wid.x;
  if (group >= params.workgroups) { return; } // the whole workgroup: no barrier is missed
  let tiles = group / params.tiles_m;
  let row0 = (group - tiles * params.tiles_m) * ROWS;
  let blocks = tiles / params.tiles_n; // split * groups + g
  let col0 = (tiles - blocks * params.tiles_n) * COLS;
  let split = blocks / params.groups;
  let g = blocks - split * params.groups;
  let first = split * params.pixels_per_split;
  let end = min(first + params.pixels_per_split, params.pixels);
  let plane = params.oh * params.ow;

  var acc: array<vec4f, SUMS>;
  var sums: array<vec4f, TM>;
  for (var k0 = first; k0 < end; k0 += 4u * QUADS) {
    // Four lanes take a turn's pixels, which lie side by side in memory.
    let k = k0 + thread % QUADS * 4u + FOUR;
    let n = k / plane;
    let p = k - n * plane;
    let oy = p / params.ow;
    let iy0 = oy * params.stride_y - params.pad_y;
    let ix0 = (p - oy * params.ow) * params.stride_x - params.pad_x;
    for (var i = 0u; i < LEFT; i++) {
      let row = row0 + (i * WG + thread) / QUADS;
      let at = ((n * params.groups + g) * params.og + row) * plane + p;
      let v = vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]);
      let inside = select(0u, end, row < params.og);
      left[thread % QUADS * ROWS + row - row0] = select(vec4f(), v, k < vec4u(inside));
    }
    for (var i = 0u; i < RIGHT; i++) {
      let col = col0 + (i * WG + thread) / QUADS;
      let ic = quotient(vec4u(col), params.per_tap).x;
      let ky = quotient(vec4u(col - ic * params.taps), params.per_kw).x;
      let kx = col - ic * params.taps - ky * params.kw;
      // What lies left of or above x wraps to a huge number: one comparison tests both ends.
      let iy = iy0 + ky * params.dilation_y;
      let ix = ix0 + kx * params.dilation_x;
      let at = (((n * params.groups + g) * params.cg + ic) * params.h + iy) * params.w + ix;
      let v = vec4f(x[at.x], x[at.y], x[at.z], x[at.w]);
      let inside = (k < vec4u(select(0u, end, col < params.columns))) & (iy < vec4u(params.h)) & (ix < vec4u(params.w));
      right[thread % QUADS * COLS + col - col0] = select(vec4f(), v, inside);
    }
    workgroupBarrier();
    for (var q = 0u; q < QUADS; q++) {
      var a: array<vec4f, TM>;
      // @unroll
      for (var i = 0u; i < TM; i++) {
        a[i] = left[q * ROWS + thread / SIDE + i * SIDE];
        if (HAS_SUMS) { sums[i] += a[i]; }
      }
      // @unroll
      for (var j = 0u; j < TN; j += 4u) {
        let at = q * COLS + thread % SIDE + j * SIDE;
        let b = mat4x4f(right[at], right[at + SIDE], right[at + 2u * SIDE], right[at + 3u * SIDE]);
        // @unroll
        for (var i = 0u; i < TM; i++) { acc[(j / 4u) * TM + i] += a[i] * b; }
      }
    }
    workgroupBarrier();
  }

  if (HAS_SUMS && col0 == 0u && thread % SIDE == 0u) {
    // @unroll
    for (var i = 0u; i < TM; i++) {
      let row = row0 + thread / SIDE + i * SIDE;
      let sum = (sums[i].x + sums[i].y) + (sums[i].z + sums[i].w);
      if (row < params.og) { partial_sums[blocks * params.og + row] = sum; }
    }
  }
  var out = acc; // stored in loops, to compile fast
  for (var s = 0u; s < SUMS; s++) {
    let row = row0 + thread / SIDE + s % TM * SIDE;
    // @unroll
    for (var c = 0u; c < 4u; c++) {
      let col = col0 + thread % SIDE + (s / TM * 4u + c) * SIDE;
      if (row < params.og && col < params.columns) {
        partial[(blocks * params.og + row) * params.columns + col] = out[s][c];
      }
    }
  }
}
