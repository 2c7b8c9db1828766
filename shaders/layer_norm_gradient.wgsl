// dweight[i] = sum of dy * xhat, dbias[i] = sum of dy over all rows, in column i, with xhat = (x - mean) * rstd: in one
// dispatch, for few rows. For many: layer_norm_gradient_sums.wgsl and norm_gradient_fold.wgsl.
// LANES threads share a column unit and take every LANES-th row, then lane 0 adds their sums in order: the same bits in every
// run. Grid: ceil(units / UNITS) workgroups, folded into y; a unit is 4 columns if d divides by 4, else 1.

// @variant V=f32
// @variant LANES=1 UNITS=8

alias V = vec4f;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read_write> dweight: array<V>;
@group(0) @binding(5) var<storage, read_write> dbias: array<V>;

struct Params {
  rows: u32,
  units: u32, // in a row
}
@group(0) @binding(6) var<uniform> params: Params;

const UNITS: u32 = 4;
const LANES: u32 = 32;

// Rounding errors grow with the length of a chain of additions: so one chain adds up chains of BLOCK rows.
const BLOCK: u32 = 16 * LANES;

var<workgroup> products: array<V, UNITS * LANES>;
var<workgroup> sums: array<V, UNITS * LANES>;

struct Sums { product: V, sum: V }

// Over the lanes of a unit, at lane 0. Replaced for LANES = 1: barriers and the clearing of workgroup memory cost a software
// adapter more than the sums.
fn team_sums(own: Sums, unit: u32, lane: u32) -> Sums {
  products[lane * UNITS + unit] = own.product;
  sums[lane * UNITS + unit] = own.sum;
  workgroupBarrier();
  var all = own;
  for (var l = 1u; l < LANES && lane == 0u; l++) {
    all.product += products[l * UNITS + unit];
    all.sum += sums[l * UNITS + unit];
  }
  return all;
}

@compute @workgroup_size(UNITS, LANES)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let u = (wid.y * nwg.x + wid.x) * UNITS + lid.x;
  let column = min(u, params.units - 1u); // threads without a unit repeat the last: barriers need every lane
  var product = V();
  var sum = V();
  for (var block = lid.y; block < params.rows; block += BLOCK) {
    var part = V();
    var part_sum = V();
    for (var row = block; row < min(block + BLOCK, params.rows); row += LANES) {
      let at = row * params.units + column;
      let g = dy[at];
      part += g * ((x[at] - V(mean[row]) - V(mean[params.rows + row])) * rstd[row]);
      part_sum += g;
    }
    product += part;
    sum += part_sum;
  }
  let all = team_sums(Sums(product, sum), lid.x, lid.y);
  if (lid.y > 0u || u >= params.units) { return; }
  dweight[u] = all.product;
  dbias[u] = all.sum;
}
