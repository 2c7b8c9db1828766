// A sparse linear map along one axis: y[o, j, i] = sum over the entries e of row j of weight[e] * x[o, from[e], i].
// Resizing, padding by reflection, unfolding and the transposes of all of them, in a fixed order and without atomics.
// table: TAPS pairs (from, bits of weight) a row, those of weight 0 to be ignored; without WEIGHTED only `from`, weights 1.
// With TAPS = 0 rows of any length: start [rows + 1], then the pairs. x [outer, columns, inner] -> y [outer, rows, inner].
// Grid: one thread per element of y, folded into y.
// @variant T=vec4<f32>
// @variant TAPS=0
// @variant TAPS=1 WEIGHTED=false
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> table: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<T>;

struct Params { size: u32, rows: u32, columns: u32, inner: u32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;
const TAPS: u32 = 2;
const WEIGHTED: bool = true;

fn term(base: u32, pair: u32) -> T {
  if (!WEIGHTED) { return x[base + u32(table[pair]) * params.inner]; }
  let at = pair * 2u;
  let weight = bitcast<f32>(table[at + 1u]);
  // An entry that only fills its row must not make NaN of an Inf.
  return select(weight * x[base + u32(table[at]) * params.inner], T(), weight == 0.0);
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  let row = t / params.inner;
  let o = row / params.rows;
  let j = row - o * params.rows;
  let base = o * params.columns * params.inner + t - row * params.inner;
  var sum = T();
  if (TAPS > 0u) {
    // @unroll
    for (var k = 0u; k < TAPS; k++) { sum += term(base, j * TAPS + k); }
  } else {
    let pairs = params.rows + 1u;
    let end = u32(table[j + 1u]);
    for (var e = u32(table[j]); e < end; e++) {
      let from_row = u32(table[pairs + 2u * e]);
      sum += bitcast<f32>(table[pairs + 2u * e + 1u]) * x[base + from_row * params.inner];
    }
  }
  y[t] = sum;
}
