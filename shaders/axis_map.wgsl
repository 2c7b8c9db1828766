// A sparse linear map along one axis: y[o, j, i] = sum over e in [start[j], start[j + 1]) of weight[e] * x[o, from[e], i].
// Resizing, padding by reflection, unfolding and the transposes of all of them, in a fixed order and without atomics.
// table: start [rows + 1], then pairs (from, bits of weight). x [outer, columns, inner] -> y [outer, rows, inner].
// Grid: one thread per element of y, folded into y.
// @variant T=vec4<f32>
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> table: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<T>;

struct Params { size: u32, rows: u32, columns: u32, inner: u32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  let i = t % params.inner;
  let row = t / params.inner;
  let j = row % params.rows;
  let first = row / params.rows * params.columns;
  let pairs = params.rows + 1u;
  let end = u32(table[j + 1u]);
  var sum = T();
  for (var e = u32(table[j]); e < end; e++) {
    let from_row = u32(table[pairs + 2u * e]);
    sum += bitcast<f32>(table[pairs + 2u * e + 1u]) * x[(first + from_row) * params.inner + i];
  }
  y[t] = sum;
}
