// y[o,i] = the index of the greatest key(x[o,r,i]) along r; of equals the first. key decides what wins: see arg_reduce.ts.
// LANES threads share an output and stride over its row. Grid: outputs * LANES threads, folded into y.
alias T = f32;
alias K = i32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;

struct Params { outputs: u32, n: u32, inner: u32 }
@group(0) @binding(2) var<uniform> params: Params;

const WG: u32 = 64;
const LANES: u32 = 16; // a power of two

// Orders floats as integers. NaN above all, as in PyTorch; -0 = 0.
fn key(v: T) -> K {
  let bits = bitcast<K>(v);
  let magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) { return 0x7fffffff; }
  return select(magnitude, -magnitude, bits < 0);
}

struct Best { key: K, index: u32 }
var<workgroup> team: array<Best, WG>;

fn better(a: Best, b: Best) -> bool {
  return a.key > b.key || (a.key == b.key && a.index < b.index);
}

// The best of a team; lane 0 gets it. Barriers inside, so every thread must call. Replaced for LANES = 1.
fn best_of_team(best: Best, at: u32, lane: u32) -> Best {
  team[at] = best;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half && better(team[at + half], team[at])) { team[at] = team[at + half]; }
  }
  return team[at];
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let thread = (wid.y * nwg.x + wid.x) * WG + lid.x;
  let output = thread / LANES;
  let lane = thread % LANES;
  // Threads beyond the last output redo the last one, so that all meet at the barriers, and write nothing.
  let o = min(output, params.outputs - 1u);
  let base = (o / params.inner) * params.n * params.inner + o % params.inner;
  var best = Best(key(x[base]), 0u);
  for (var r = lane; r < params.n; r += LANES) {
    let k = key(x[base + r * params.inner]);
    if (k > best.key) { best = Best(k, r); }
  }
  best = best_of_team(best, lid.x, lane);
  if (output < params.outputs && lane == 0u) { y[output] = i32(best.index); }
}
