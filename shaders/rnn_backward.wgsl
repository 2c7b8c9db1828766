// Library of the recurrent gradients: what the step whose gradient is known hands back to the hidden state, d[other] w_hh,
// goes to cell_backward, once a sequence. Importers declare GATES, gate_gradient (an element of d [t, b, GATES, h]) and
// cell_backward.

// import rnn_tile.wgsl

fn back_through(wid: vec3u, nwg: vec3u, lid: vec3u) {
  let p = place(wid, nwg, lid);
  if (p.row >= params.batch) { return; }
  let n = params.units;
  var from_at: array<u32, ROWS>;
  var dh: array<V, ROWS>;
  // @unroll
  for (var r = 0u; r < ROWS; r++) {
    from_at[r] = (params.other * params.batch + min(p.row + r, params.batch - 1u)) * GATES * n;
  }
  for (var k = 0u; k < GATES * n * params.linked; k++) {
    let w = quad(k * WIDTH * n + p.unit, n);
    // @unroll
    for (var r = 0u; r < ROWS; r++) { dh[r] += combine(gate_gradient(from_at[r] + k), w); }
  }
  // One copy of the cell, to compile faster: constant indices alone are cheap.
  for (var row = 0u; row < ROWS; row++) {
    var own: V;
    // @unroll
    for (var r = 0u; r < ROWS; r++) { own = select(own, dh[r], row == r); }
    if (p.row + row < params.batch) { cell_backward(p.row + row, p.unit, own); }
  }
}
