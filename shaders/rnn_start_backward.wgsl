// Gradient of the initial state: dh0 = dz[start] w_hh (+ dh, what a GRU passes on beside its gates), dz the gradients of the
// gates' sums at the first step of each sequence. The gradient of c0 is what lstm_cell_backward.wgsl leaves in dc.
// Grid: one thread per unit block and ROWS sequences, folded into y.

// import rnn_tile.wgsl
// @variant ROWS=1 GATES=3 HAS_DH=true HAS_LENGTHS=false

@group(0) @binding(0) var<storage, read> w_hh: array<V>; // [gates, h, h]
@group(0) @binding(1) var<storage, read> lengths: array<i32>; // [b]
@group(0) @binding(2) var<storage, read> dz: array<V>; // [t, b, gates, h]
@group(0) @binding(3) var<storage, read> dh: array<V>; // [b, h]
@group(0) @binding(4) var<storage, read_write> dh0: array<V>; // [b, h]
@group(0) @binding(5) var<uniform> params: Params;

const GATES: u32 = 4;
const HAS_DH: bool = false;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_id) lid: vec3u,
) {
  let p = place(wid, nwg, lid);
  if (p.row >= params.batch) { return; }
  let n = params.units;
  var from_at: array<u32, ROWS>;
  var sum: array<V, ROWS>;
  // @unroll
  for (var r = 0u; r < ROWS; r++) {
    let row = min(p.row + r, params.batch - 1u);
    from_at[r] = (start_of(row) * params.batch + row) * GATES * n;
    if (HAS_DH) { sum[r] = dh[row * n + p.unit]; }
  }
  for (var k = 0u; k < GATES * n; k++) {
    let w = quad(k * WIDTH * n + p.unit, n);
    // @unroll
    for (var r = 0u; r < ROWS; r++) { sum[r] += combine(dz[from_at[r] + k], w); }
  }
  // @unroll
  for (var r = 0u; r < ROWS; r++) {
    if (p.row + r < params.batch) { dh0[(p.row + r) * n + p.unit] = sum[r]; }
  }
}
