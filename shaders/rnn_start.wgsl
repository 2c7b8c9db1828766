// Puts the initial states where the first step of each sequence reads them: hp[start] = h0 and, in an LSTM, c0 into the last
// of `saved`'s five slots; 0 where none is given. A reversed sequence starts at its own end; the padding behind it gets zeros,
// since the weight gradient multiplies hp with zeros there. Grid: one thread per unit block of the batch, folded into y.

// import rnn_time.wgsl
// @variant HAS_H0=false HAS_C0=false HAS_CELL=false HAS_LENGTHS=false

@group(0) @binding(0) var<storage, read> lengths: array<i32>; // [b]
@group(0) @binding(1) var<storage, read> h0: array<V>; // [b, h]
@group(0) @binding(2) var<storage, read> c0: array<V>; // [b, h]
@group(0) @binding(3) var<storage, read_write> hp: array<V>; // [t, b, h]
@group(0) @binding(4) var<storage, read_write> saved: array<V>; // [t, b, 5, h]
@group(0) @binding(5) var<uniform> params: Params;

const HAS_H0: bool = true;
const HAS_C0: bool = true;
const HAS_CELL: bool = true;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_id) lid: vec3u,
) {
  let id = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (id >= params.batch * params.units) { return; }
  let n = params.units;
  let row = id / n;
  let unit = id % n;
  let start = start_of(row);
  if (start != params.t) { // params.t: the time index that is processed first
    hp[(params.t * params.batch + row) * n + unit] = V();
  }
  let at = start * params.batch + row;
  var h = V();
  var c = V();
  if (HAS_H0) { h = h0[id]; }
  if (HAS_C0) { c = c0[id]; }
  hp[at * n + unit] = h;
  if (HAS_CELL) { saved[(5u * at + 4u) * n + unit] = c; }
}
