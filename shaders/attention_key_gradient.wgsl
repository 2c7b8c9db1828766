// dv_j = sum over i of p[i, j] dy_i (p dropped as in the forward), dk_j = scale * sum over i of dscore[i, j] q_i: over all
// queries of all heads that share the keys. A thread owns keys, so nothing is added by two threads.
// A library: attention_dkv.wgsl and attention_dkv_swap.wgsl have the entry points. Grid: WG * R keys of a head a workgroup.
// import attention_query_four.wgsl
// import attention_key_results.wgsl
// import attention_mask.wgsl

fn key_gradient(w: u32, lane: u32, thread: u32) {
  let at = place_of(w, params.h / params.group);
  let k_base = params.k_0 + at.b * params.k_b + at.head * params.k_h;
  let v_base = params.v_0 + at.b * params.v_b + at.head * params.v_h;
  let mine = at.first + thread * R;
  let slot = slots(lane);
  let draw = draw_words();

  // Filled and emptied by one loop over all: the arrays then stay in memory, and compile several times faster.
  var ks: array<vec4<f32>, R * C>;
  var vs: array<vec4<f32>, R * C>;
  var sum_k: array<vec4<f32>, R * C>;
  var sum_v: array<vec4<f32>, R * C>;
  for (var x = 0u; x < R * C; x++) {
    let j = min(mine + x / C, params.s - 1u);
    ks[x] = k_at(k_base + j * params.k_s, x % C) * params.scale;
    vs[x] = v_at(v_base + j * params.v_s, x % C);
  }

  var own_q: array<vec4<f32>, CG>; // QUAD: this lane's row
  var own_dy: array<vec4<f32>, CG>;
  // One loop over the heads of the group and their queries, four at a time.
  let reach = params.reach;
  let start = select(0u, min(at.first, params.t), reach == 0u);
  let steps = (params.t - start + 3u) / 4u;
  for (var n = 0u; n < params.group * steps; n++) {
    let head = at.head * params.group + n / steps;
    let query = vec4<u32>(start + 4u * (n % steps)) + slot;
    let in_range = query < vec4<u32>(params.t);
    let near = min(query, vec4<u32>(params.t - 1u));
    let rows_q = params.q_0 + at.b * params.q_b + head * params.q_h + near * params.q_t;
    let rows_y = at.b * params.y_b + head * params.y_h + near * params.y_t;
    let row = (at.b * params.h + head) * params.t + near;
    let m_base = at.b * params.m_b + head * params.m_h;
    var p: array<vec4<f32>, R>;
    var dp: array<vec4<f32>, R>; // then dscore
    // @unroll
    for (var r = 0u; r < R; r++) {
      p[r] = vec4<f32>();
      dp[r] = vec4<f32>();
    }
    for (var g = 0u; g < CG && QUAD; g += G) {
      // @unroll
      for (var c = 0u; c < KEPT; c++) {
        own_q[c] = own_q[c + G];
        own_dy[c] = own_dy[c + G];
      }
      // @unroll
      for (var c = 0u; c < G; c++) {
        own_q[KEPT + c] = q_at(rows_q.x, g + c);
        own_dy[KEPT + c] = dy_at(rows_y.x, g + c);
      }
    }
    // @unroll
    for (var c = 0u; c < C; c++) {
      let queries = q_four(own_q[c], rows_q, c);
      let dys = dy_four(own_dy[c], rows_y, c);
      // @unroll
      for (var r = 0u; r < R; r++) {
        p[r] += ks[r * C + c] * queries;
        dp[r] += vs[r * C + c] * dys;
      }
    }
    let stat = transpose(stat_four(row));
    // @unroll
    for (var r = 0u; r < R; r++) {
      let j = min(mine + r, params.s - 1u);
      var ok = in_range & (vec4<u32>(j) <= query + reach);
      var word = vec4<u32>();
      if (MASK != 0u) {
        word = mask_four(m_base + near * params.m_t + j * params.m_s);
        ok = ok & mask_allows(word);
      }
      let weight = select(vec4<f32>(), exp(with_mask(p[r], word) - stat[0]), ok);
      p[r] = weight;
      if (DROP) {
        let factor = kept_four(draw, row, j);
        p[r] *= factor;
        dp[r] *= factor;
      }
      dp[r] = select(vec4<f32>(), weight * (dp[r] - stat[1]), ok);
    }
    // @unroll
    for (var c = 0u; c < C; c++) {
      let queries = q_four(own_q[c], rows_q, c);
      let dys = dy_four(own_dy[c], rows_y, c);
      // @unroll
      for (var r = 0u; r < R; r++) {
        sum_k[r * C + c] += queries * dp[r];
        sum_v[r * C + c] += dys * p[r];
      }
    }
  }

  for (var x = 0u; x < R * C; x++) {
    let j = mine + x / C;
    if (j < params.s) {
      put_k(params.r_0 + at.b * params.r_b + at.head * params.r_h + j * params.r_t, x % C, sum_k[x] * params.scale);
      put_v(params.w_0 + at.b * params.w_b + at.head * params.w_h + j * params.w_t, x % C, sum_v[x]);
    }
  }
}
