// One step of a GRU, product and cell in one kernel. With u = h w_hh^T + b_hh and gx[t], both split in three,
// r = sigmoid(gx0 + u0), z = sigmoid(gx1 + u1), n = tanh(gx2 + r u2), h' = (1 - z) n + z h.
// A sequence that has ended (t >= length) keeps its state and gives y = 0. Where states start: rnn_start.wgsl.
// Grid: one thread per unit block and ROWS sequences, folded into y.

// import rnn_tile.wgsl
// @variant ROWS=1 HAS_LENGTHS=false HAS_BIAS=false

@group(0) @binding(0) var<storage, read> gx: array<V>; // [t, b, 3, h]
@group(0) @binding(1) var<storage, read> w_hh: array<V>; // [3, h, h]
@group(0) @binding(2) var<storage, read> b_hh: array<V>; // [3, h]
@group(0) @binding(3) var<storage, read> lengths: array<i32>; // [b]
@group(0) @binding(4) var<storage, read_write> hp: array<V>; // [t, b, h], h before each step
@group(0) @binding(5) var<storage, read_write> saved: array<V>; // [t, b, 5, h]: r, z, n, u2, and h before the step
@group(0) @binding(6) var<storage, read_write> y: array<V>; // [t, b, h]
@group(0) @binding(7) var<storage, read_write> h_n: array<V>; // [b, h]
@group(0) @binding(8) var<uniform> params: Params;

const HAS_BIAS: bool = true;
const SUMS: u32 = 3 * ROWS;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_id) lid: vec3u,
) {
  let p = place(wid, nwg, lid);
  if (p.row >= params.batch) { return; }
  let n = params.units;
  var at: array<u32, ROWS>; // of time t and each sequence
  var u: array<V, SUMS>;
  // @unroll
  for (var r = 0u; r < ROWS; r++) {
    at[r] = (params.t * params.batch + min(p.row + r, params.batch - 1u)) * n;
    // @unroll
    for (var g = 0u; g < 3u; g++) {
      if (HAS_BIAS) { u[3u * r + g] = b_hh[g * n + p.unit]; }
    }
  }
  for (var k = 0u; k < n * (1u - params.fresh); k++) {
    var h: array<V, ROWS>;
    // @unroll
    for (var r = 0u; r < ROWS; r++) { h[r] = hp[at[r] + k]; }
    // @unroll
    for (var g = 0u; g < 3u; g++) {
      let w = quad((g * n + p.unit) * WIDTH * n + k, n);
      // @unroll
      for (var r = 0u; r < ROWS; r++) { u[3u * r + g] += dots(h[r], w); }
    }
  }
  // One copy of the cell, to compile faster: constant indices alone are cheap.
  for (var row = 0u; row < ROWS; row++) {
    var own: array<V, 3>;
    // @unroll
    for (var r = 0u; r < ROWS; r++) {
      // @unroll
      for (var g = 0u; g < 3u; g++) { own[g] = select(own[g], u[3u * r + g], row == r); }
    }
    if (p.row + row < params.batch) { cell(p.row + row, p.unit, own); }
  }
}

fn cell(row: u32, unit: u32, u: array<V, 3>) {
  let n = params.units;
  let length = length_of(row);
  let at = params.t * params.batch + row;
  let running = params.t < length;
  if (params.fresh == 1u) { hp[at * n + unit] = V(); }
  let before = hp[at * n + unit];
  let r = sigmoid(gx[3u * at * n + unit] + u[0]);
  let z = sigmoid(gx[(3u * at + 1u) * n + unit] + u[1]);
  let fresh = tanh_gate(gx[(3u * at + 2u) * n + unit] + r * u[2]);
  let h = select(V(), (1.0 - z) * fresh + z * before, running);
  y[at * n + unit] = h;
  // Padding before the start of a reversed sequence must leave its initial state alone.
  if (params.linked == 1u && (running || params.other != start_of(row))) {
    hp[(params.other * params.batch + row) * n + unit] = h;
  }
  if (running) {
    saved[5u * at * n + unit] = r;
    saved[(5u * at + 1u) * n + unit] = z;
    saved[(5u * at + 2u) * n + unit] = fresh;
    saved[(5u * at + 3u) * n + unit] = u[2];
    saved[(5u * at + 4u) * n + unit] = before;
  }
  if (is_last(params.t, length)) { h_n[row * n + unit] = h; }
}
