// One step of an Elman RNN's gradient: dh = dy[t] + dz[other] w_hh (+ dh_n at the last step), dz[t] = dh (1 - y^2) for tanh,
// dh where y > 0 for relu. Grid: one thread per unit block and ROWS sequences, folded into y.

// import rnn_backward.wgsl
// @variant ROWS=1 HAS_LENGTHS=false HAS_DY=false HAS_DH=false RELU=true

@group(0) @binding(0) var<storage, read> w_hh: array<V>; // [h, h]
@group(0) @binding(1) var<storage, read> y: array<V>; // [t, b, h]
@group(0) @binding(2) var<storage, read> lengths: array<i32>; // [b]
@group(0) @binding(3) var<storage, read> dy: array<V>; // [t, b, h]
@group(0) @binding(4) var<storage, read> dh_n: array<V>; // [b, h]
@group(0) @binding(5) var<storage, read_write> dz: array<V>; // [t, b, h]
@group(0) @binding(6) var<uniform> params: Params;

const GATES: u32 = 1;
const HAS_DY: bool = true;
const HAS_DH: bool = true;
const RELU: bool = false;

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
  let at = (params.t * params.batch + row) * n + unit;
  var dh = carried;
  if (HAS_DY) { dh += dy[at]; }
  if (HAS_DH && is_last(params.t, length)) { dh += dh_n[row * n + unit]; }
  let h = y[at];
  var d = dh * (1.0 - h * h);
  if (RELU) { d = select(dh, V(), h <= V()); }
  dz[at] = select(V(), d, params.t < length);
}
