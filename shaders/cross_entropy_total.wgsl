// Sums of row losses and row weights; FINAL: loss = sum of losses / sum of weights (MEAN) or their sum, and total = the sum
// of weights. Workgroup g adds up rows [g * chunk, (g + 1) * chunk). Fixed order. Grid: one workgroup a chunk.

@group(0) @binding(0) var<storage, read> losses: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> total: array<f32>;

struct Params { rows: u32, chunk: u32 }
@group(0) @binding(4) var<uniform> params: Params;

const WG: u32 = 64;
const MEAN: bool = false;
// @variant MEAN=true
// Rounding errors grow with the length of a chain of additions: so one chain adds up chains of BLOCK.
const BLOCK: u32 = 16;

var<workgroup> sums: array<vec2<f32>, WG>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let end = min(params.rows, (wid.x + 1u) * params.chunk);
  var all = vec2<f32>();
  var row = wid.x * params.chunk + lid.x;
  while (row < end) {
    var block = vec2<f32>();
    for (var n = 0u; n < BLOCK && row < end; n++) {
      block += vec2<f32>(losses[row], weights[row]);
      row += WG;
    }
    all += block;
  }
  sums[lid.x] = all;
  for (var half = WG / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lid.x < half) { sums[lid.x] += sums[lid.x + half]; }
  }
  if (lid.x > 0u) { return; }
  let s = sums[0];
  loss[wid.x] = select(s.x, s.x / s.y, MEAN);
  total[wid.x] = s.y;
}
