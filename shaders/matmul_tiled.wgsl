// y[batch, m, n] = op(a) x op(b) (+ bias): a workgroup computes 64 x 64 outputs from tiles in workgroup memory.
// What this step gains over matmul_naive.wgsl: 256 threads bring 64 x 16 of a and 16 x 64 of b into shared memory once
// (8.5 KiB), and each value then serves 64 multiply-adds; a thread keeps 4 x 4 sums, so it reads 8 shared values for 16.
// Grid: 1-D folded, params.groups workgroups, along n first, then m, then batch.

// @variant TRANS_A=true HAS_BIAS=true
// @variant TRANS_B=true

struct Params {
  m: u32, n: u32, k: u32, tiles_m: u32, tiles_n: u32, groups: u32,
  d1: u32, d2: u32, // batch = (i0 * d1 + i1) * d2 + i2
  a0: u32, a1: u32, a2: u32, // elements of a from one i0 (i1, i2) to the next; 0 where a is broadcast
  b0: u32, b1: u32, b2: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>; // [.., m, k], or [.., k, m] if TRANS_A
@group(0) @binding(1) var<storage, read> b: array<f32>; // [.., k, n], or [.., n, k] if TRANS_B
@group(0) @binding(2) var<storage, read> bias: array<f32>; // [n]
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [.., m, n]
@group(0) @binding(4) var<uniform> params: Params;

const TRANS_A: bool = false;
const TRANS_B: bool = false;
const HAS_BIAS: bool = false;
const TILE: u32 = 64;
const TK: u32 = 16;
const SIDE: u32 = 16; // threads along each side of a workgroup
const PITCH: u32 = 17; // TK + 1: rows of a tile start in different banks

var<workgroup> a_tile: array<f32, TILE * PITCH>; // [row, kk]
var<workgroup> b_tile: array<f32, TILE * TK>; // [kk, col]

fn epilogue(v: f32, i: u32) -> f32 { return v; }

@compute @workgroup_size(SIDE, SIDE)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>, @builtin(local_invocation_index) thread: u32,
) {
  let w = wid.y * nwg.x + wid.x;
  if (w >= params.groups) { return; } // the whole workgroup: no barrier is missed
  let batch = w / (params.tiles_n * params.tiles_m);
  let i0 = batch / (params.d1 * params.d2);
  let i1 = (batch / params.d2) % params.d1;
  let i2 = batch % params.d2;
  let a_base = i0 * params.a0 + i1 * params.a1 + i2 * params.a2;
  let b_base = i0 * params.b0 + i1 * params.b1 + i2 * params.b2;
  let row0 = ((w / params.tiles_n) % params.tiles_m) * TILE;
  let col0 = (w % params.tiles_n) * TILE;
  var acc: array<vec4<f32>, 4>;

  for (var k0 = 0u; k0 < params.k; k0 += TK) {
    // Neighbouring threads take neighbours in memory, whichever way the matrix is stored.
    for (var e = thread; e < TILE * TK; e += SIDE * SIDE) {
      let r = select(e / TK, e % TILE, TRANS_A);
      let ka = k0 + select(e % TK, e / TILE, TRANS_A);
      let at_a = a_base + select((row0 + r) * params.k + ka, ka * params.m + row0 + r, TRANS_A);
      a_tile[r * PITCH + ka - k0] = select(0.0, a[at_a], row0 + r < params.m && ka < params.k);
      let c = select(e % TILE, e / TK, TRANS_B);
      let kb = k0 + select(e / TILE, e % TK, TRANS_B);
      let at_b = b_base + select(kb * params.n + col0 + c, (col0 + c) * params.k + kb, TRANS_B);
      b_tile[(kb - k0) * TILE + c] = select(0.0, b[at_b], col0 + c < params.n && kb < params.k);
    }
    workgroupBarrier();
    for (var kk = 0u; kk < TK; kk++) {
      let at = kk * TILE + lid.x;
      let v = vec4<f32>(b_tile[at], b_tile[at + SIDE], b_tile[at + 2u * SIDE], b_tile[at + 3u * SIDE]);
      // @unroll
      for (var i = 0u; i < 4u; i++) {
        acc[i] += a_tile[(lid.y + i * SIDE) * PITCH + kk] * v;
      }
    }
    workgroupBarrier();
  }
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    // @unroll
    for (var j = 0u; j < 4u; j++) {
      let row = row0 + lid.y + i * SIDE;
      let col = col0 + lid.x + j * SIDE;
      if (row < params.m && col < params.n) {
        let at = (batch * params.m + row) * params.n + col;
        var v = acc[i][j];
        if (HAS_BIAS) { v += bias[col]; }
        y[at] = epilogue(v, at);
      }
    }
  }
}
