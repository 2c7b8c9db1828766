// One step of an LSTM's gradient: dh = dy[t] + dz[other] w_hh, then through the cell (lstm_cell.wgsl), with
// c' = f c + i g: do = dh tanh(c'), dc' = dc + dh o (1 - tanh(c')^2), di = dc' g, df = dc' c, dg = dc' i, and dc' f goes on
// to the step before. dz holds the gradients of the gates' sums. At the last step dh and dc start from those of h_n, c_n.
// Grid: one thread per unit block and ROWS sequences, folded into y.

// import rnn_backward.wgsl
// @variant ROWS=1 HAS_LENGTHS=false HAS_DY=false HAS_DH=false HAS_DC=false

@group(0) @binding(0) var<storage, read> w_hh: array<V>; // [4, h, h]
@group(0) @binding(1) var<storage, read> saved: array<V>; // [t, b, 5, h]: i, f, g, o, and c before the step
@group(0) @binding(2) var<storage, read> lengths: array<i32>; // [b]
@group(0) @binding(3) var<storage, read> dy: array<V>; // [t, b, h]
@group(0) @binding(4) var<storage, read> dh_n: array<V>; // [b, h]
@group(0) @binding(5) var<storage, read> dc_n: array<V>; // [b, h]
@group(0) @binding(6) var<storage, read_write> dz: array<V>; // [t, b, 4, h]
@group(0) @binding(7) var<storage, read_write> dc: array<V>; // [b, h]: at the end, the gradient of c0
@group(0) @binding(8) var<uniform> params: Params;

const GATES: u32 = 4;
const HAS_DY: bool = true;
const HAS_DH: bool = true;
const HAS_DC: bool = true;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_id) lid: vec3u,
) {
  back_through(wid, nwg, lid);
}

fn gate_gradient(i: u32) -> V { return dz[i]; }

fn cell_backward(row: u32, unit: u32, carried: V) {
  let n = params.units;
  let length = length_of(row);
  let at = params.t * params.batch + row;
  let own = row * n + unit;
  let running = params.t < length;
  let last = is_last(params.t, length);
  var dh = carried;
  var dc_next = dc[own];
  if (HAS_DY) { dh += dy[at * n + unit]; }
  if (last) {
    dc_next = V();
    if (HAS_DH) { dh += dh_n[own]; }
    if (HAS_DC) { dc_next = dc_n[own]; }
  }
  let i = saved[5u * at * n + unit];
  let f = saved[(5u * at + 1u) * n + unit];
  let g = saved[(5u * at + 2u) * n + unit];
  let o = saved[(5u * at + 3u) * n + unit];
  let c = saved[(5u * at + 4u) * n + unit];
  let th = tanh_gate(f * c + i * g);
  let dc_now = dc_next + dh * o * (1.0 - th * th);
  dz[4u * at * n + unit] = select(V(), dc_now * g * i * (1.0 - i), running);
  dz[(4u * at + 1u) * n + unit] = select(V(), dc_now * c * f * (1.0 - f), running);
  dz[(4u * at + 2u) * n + unit] = select(V(), dc_now * i * (1.0 - g * g), running);
  dz[(4u * at + 3u) * n + unit] = select(V(), dh * th * o * (1.0 - o), running);
  if (running) { dc[own] = dc_now * f; }
}
