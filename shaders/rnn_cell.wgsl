// One step of an Elman RNN, product and cell in one kernel: h' = tanh(gx[t] + h w_hh^T), or relu of it.
// A sequence that has ended (t >= length) keeps its state and gives y = 0. Where states start: rnn_start.wgsl.
// Grid: one thread per unit block and ROWS sequences, folded into y.

// import rnn_tile.wgsl
// @variant ROWS=1 HAS_LENGTHS=false RELU=true

@group(0) @binding(0) var<storage, read> gx: array<V>; // [t, b, h]
@group(0) @binding(1) var<storage, read> w_hh: array<V>; // [h, h]
@group(0) @binding(2) var<storage, read> lengths: array<i32>; // [b]
@group(0) @binding(3) var<storage, read_write> hp: array<V>; // [t, b, h], h before each step
@group(0) @binding(4) var<storage, read_write> y: array<V>; // [t, b, h]
@group(0) @binding(5) var<storage, read_write> h_n: array<V>; // [b, h]
@group(0) @binding(6) var<uniform> params: Params;

const RELU: bool = false;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_id) lid: vec3u,
) {
  let p = place(wid, nwg, lid);
  if (p.row >= params.batch) { return; }
  let n = params.units;
  var at: array<u32, ROWS>; // of time t and each sequence
  var z: array<V, ROWS>;
  // @unroll
  for (var r = 0u; r < ROWS; r++) {
    at[r] = (params.t * params.batch + min(p.row + r, params.batch - 1u)) * n;
    z[r] = gx[at[r] + p.unit];
  }
  for (var k = 0u; k < n * (1u - params.fresh); k++) {
    let w = quad(p.unit * WIDTH * n + k, n);
    // @unroll
    for (var r = 0u; r < ROWS; r++) { z[r] += dots(hp[at[r] + k], w); }
  }
  // One copy of the cell, to compile faster: constant indices alone are cheap.
  for (var row = 0u; row < ROWS; row++) {
    var own: V;
    // @unroll
    for (var r = 0u; r < ROWS; r++) { own = select(own, z[r], row == r); }
    if (p.row + row < params.batch) { cell(p.row + row, p.unit, own); }
  }
}

fn cell(row: u32, unit: u32, z: V) {
  let n = params.units;
  let length = length_of(row);
  let running = params.t < length;
  if (params.fresh == 1u) { hp[(params.t * params.batch + row) * n + unit] = V(); }
  var h = tanh_gate(z);
  if (RELU) { h = keep_nan(z, max(z, V())); }
  h = select(V(), h, running);
  y[(params.t * params.batch + row) * n + unit] = h;
  // Padding before the start of a reversed sequence must leave its initial state alone.
  if (params.linked == 1u && (running || params.other != start_of(row))) {
    hp[(params.other * params.batch + row) * n + unit] = h;
  }
  if (is_last(params.t, length)) { h_n[row * n + unit] = h; }
}
