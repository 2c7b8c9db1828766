// One step of an LSTM, product and cell in one kernel. With z = gx[t] + h w_hh^T split in four,
// i = sigmoid(z0), f = sigmoid(z1), g = tanh(z2), o = sigmoid(z3), c' = f c + i g, h' = o tanh(c').
// A sequence that has ended (t >= length) keeps its state and gives y = 0. Where states start: rnn_start.wgsl.
// Grid: one thread per unit block and ROWS sequences, folded into y.

// import rnn_tile.wgsl
// @variant ROWS=1 HAS_LENGTHS=false

@group(0) @binding(0) var<storage, read> gx: array<V>; // [t, b, 4, h]
@group(0) @binding(1) var<storage, read> w_hh: array<V>; // [4, h, h]
@group(0) @binding(2) var<storage, read> lengths: array<i32>; // [b]
@group(0) @binding(3) var<storage, read_write> hp: array<V>; // [t, b, h], h before each step
@group(0) @binding(4) var<storage, read_write> saved: array<V>; // [t, b, 5, h]: i, f, g, o, and c before the step
@group(0) @binding(5) var<storage, read_write> y: array<V>; // [t, b, h]
@group(0) @binding(6) var<storage, read_write> h_n: array<V>; // [b, h]
@group(0) @binding(7) var<storage, read_write> c_n: array<V>; // [b, h]
@group(0) @binding(8) var<uniform> params: Params;

const SUMS: u32 = 4 * ROWS;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_id) lid: vec3u,
) {
  let p = place(wid, nwg, lid);
  if (p.row >= params.batch) { return; }
  let n = params.units;
  var at: array<u32, ROWS>; // of time t and each sequence
  var z: array<V, SUMS>;
  // @unroll
  for (var r = 0u; r < ROWS; r++) {
    at[r] = params.t * params.batch + min(p.row + r, params.batch - 1u);
  }
  for (var k = 0u; k < n * (1u - params.fresh); k++) {
    var h: array<V, ROWS>;
    // @unroll
    for (var r = 0u; r < ROWS; r++) { h[r] = hp[at[r] * n + k]; }
    // @unroll
    for (var g = 0u; g < 4u; g++) {
      let w = quad((g * n + p.unit) * WIDTH * n + k, n);
      // @unroll
      for (var r = 0u; r < ROWS; r++) { z[4u * r + g] += dots(h[r], w); }
    }
  }
  // One copy of the cell, to compile faster: constant indices alone are cheap.
  for (var row = 0u; row < ROWS; row++) {
    var own: array<V, 4>;
    // @unroll
    for (var r = 0u; r < ROWS; r++) {
      // @unroll
      for (var g = 0u; g < 4u; g++) { own[g] = select(own[g], z[4u * r + g], row == r); }
    }
    if (p.row + row < params.batch) { cell(p.row + row, p.unit, own); }
  }
}

fn cell(row: u32, unit: u32, z: array<V, 4>) {
  let n = params.units;
  let length = length_of(row);
  let at = params.t * params.batch + row;
  let next = params.other * params.batch + row;
  let running = params.t < length;
  if (params.fresh == 1u) {
    hp[at * n + unit] = V();
    saved[(5u * at + 4u) * n + unit] = V();
  }
  let i = sigmoid(gx[4u * at * n + unit] + z[0]);
  let f = sigmoid(gx[(4u * at + 1u) * n + unit] + z[1]);
  let g = tanh_gate(gx[(4u * at + 2u) * n + unit] + z[2]);
  let o = sigmoid(gx[(4u * at + 3u) * n + unit] + z[3]);
  let c = f * saved[(5u * at + 4u) * n + unit] + i * g;
  let h = select(V(), o * tanh_gate(c), running);
  y[at * n + unit] = h;
  // Padding before the start of a reversed sequence must leave its initial state alone.
  if (params.linked == 1u && (running || params.other != start_of(row))) {
    hp[next * n + unit] = h;
    saved[(5u * next + 4u) * n + unit] = c;
  }
  if (running) {
    saved[5u * at * n + unit] = i;
    saved[(5u * at + 1u) * n + unit] = f;
    saved[(5u * at + 2u) * n + unit] = g;
    saved[(5u * at + 3u) * n + unit] = o;
  }
  if (is_last(params.t, length)) {
    h_n[row * n + unit] = h;
    c_n[row * n + unit] = c;
  }
}
