// One step of a GRU's gradient: dh = dy[t] + carry + du[other] w_hh (dh_n instead of what is carried at the last step), then
// through the cell (gru_cell.wgsl): dz = dh (h - n), dn = dh (1 - z), and with the sums' gradients dgx = [dr', dz', dn'],
// du = [dr', dz', r dn']: dr' = dn' u2 r (1 - r), dz' = dz z (1 - z), dn' = dn (1 - n^2). carry = dh z goes on beside them.
// Grid: one thread per unit block and ROWS sequences, folded into y.

// import rnn_backward.wgsl
// @variant ROWS=1 HAS_LENGTHS=false HAS_DY=false HAS_DH=false

@group(0) @binding(0) var<storage, read> w_hh: array<V>; // [3, h, h]
@group(0) @binding(1) var<storage, read> saved: array<V>; // [t, b, 5, h]: r, z, n, u2, and h before the step
@group(0) @binding(2) var<storage, read> lengths: array<i32>; // [b]
@group(0) @binding(3) var<storage, read> dy: array<V>; // [t, b, h]
@group(0) @binding(4) var<storage, read> dh_n: array<V>; // [b, h]
@group(0) @binding(5) var<storage, read_write> dgx: array<V>; // [t, b, 3, h]
@group(0) @binding(6) var<storage, read_write> du: array<V>; // [t, b, 3, h]
@group(0) @binding(7) var<storage, read_write> carry: array<V>; // [b, h]
@group(0) @binding(8) var<uniform> params: Params;

const GATES: u32 = 3;
const HAS_DY: bool = true;
const HAS_DH: bool = true;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_id) lid: vec3u,
) {
  back_through(wid, nwg, lid);
}

fn gate_gradient(i: u32) -> V { return du[i]; }

fn cell_backward(row: u32, unit: u32, carried: V) {
  let n = params.units;
  let length = length_of(row);
  let at = params.t * params.batch + row;
  let own = row * n + unit;
  let running = params.t < length;
  var dh = carried;
  if (HAS_DY) { dh += dy[at * n + unit]; }
  if (!is_last(params.t, length)) { dh += carry[own]; }
  else if (HAS_DH) { dh += dh_n[own]; }
  let r = saved[5u * at * n + unit];
  let z = saved[(5u * at + 1u) * n + unit];
  let fresh = saved[(5u * at + 2u) * n + unit];
  let u2 = saved[(5u * at + 3u) * n + unit];
  let before = saved[(5u * at + 4u) * n + unit];
  let dn = select(V(), dh * (1.0 - z) * (1.0 - fresh * fresh), running);
  let dz = select(V(), dh * (before - fresh) * z * (1.0 - z), running);
  let dr = select(V(), dn * u2 * r * (1.0 - r), running);
  dgx[3u * at * n + unit] = dr;
  dgx[(3u * at + 1u) * n + unit] = dz;
  dgx[(3u * at + 2u) * n + unit] = dn;
  du[3u * at * n + unit] = dr;
  du[(3u * at + 1u) * n + unit] = dz;
  du[(3u * at + 2u) * n + unit] = select(V(), dn * r, running);
  if (running) { carry[own] = dh * z; }
}
