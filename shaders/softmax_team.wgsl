// What a team of LANES threads does together, for softmax*.wgsl and cross_entropy.wgsl: the importing file declares
// V, U, WG and LANES. Barriers inside, so every thread of the workgroup must call; every lane of a team gets the result.
// Replaced for LANES = 1: barriers and the clearing of workgroup memory cost a software adapter more than the row.
var<workgroup> team: array<V, WG>;

// at: the thread in its workgroup; lane: in its team.
fn team_max(v: V, at: u32, lane: u32) -> V {
  team[at] = v;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { team[at] = max(team[at], team[at + half]); }
  }
  workgroupBarrier();
  let all = team[at - lane];
  workgroupBarrier(); // before the next call writes
  return all;
}

fn team_sum(v: V, at: u32, lane: u32) -> V {
  team[at] = v;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { team[at] += team[at + half]; }
  }
  workgroupBarrier();
  let all = team[at - lane];
  workgroupBarrier(); // before the next call writes
  return all;
}

// exp and log, but NaN of NaN: WGSL may give anything there.
fn exp_nan(v: V) -> V { return select(exp(v), v, (bitcast<U>(v) & U(0x7fffffff)) > U(0x7f800000)); }
fn log_nan(v: V) -> V { return select(log(v), v, (bitcast<U>(v) & U(0x7fffffff)) > U(0x7f800000)); }
