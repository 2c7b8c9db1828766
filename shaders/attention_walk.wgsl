// What attention_dqkv.wgsl does for the 4 R keys of one quad: a walk over all queries of all heads that share them. A library.
//   dv_j and dk_j are added up in registers, dq_i where it stands: the first keys write it, all others add to it.
// import attention_query_four.wgsl

fn walk(b: u32, head_k: u32, lane: u32, first: u32, thread: u32) {
  let k_base = params.k_0 + b * params.k_b + head_k * params.k_h;
  let v_base = params.v_0 + b * params.v_b + head_k * params.v_h;
  let mine = first + thread * R;
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

  var own_q: array<vec4<f32>, CG>; // this lane's row
  var own_dy: array<vec4<f32>, CG>;
  var own_dq: array<vec4<f32>, CG>;
  let reach = params.reach;
  let start = select(0u, min(first, params.t), reach == 0u);
  let steps = (params.t - start + 3u) / 4u;
  for (var n = 0u; n < params.group * steps; n++) {
    let head = head_k * params.group + n / steps;
    let query = vec4<u32>(start + 4u * (n % steps)) + slot;
    let in_range = query < vec4<u32>(params.t);
    let near = min(query, vec4<u32>(params.t - 1u));
    let row_q = params.q_0 + b * params.q_b + head * params.q_h + near.x * params.q_t;
    let row_y = b * params.y_b + head * params.y_h + near.x * params.y_t;
    let row_dq = params.x_0 + b * params.x_b + head * params.x_h + near.x * params.x_t;
    let row = (b * params.h + head) * params.t + near;
    var p: array<vec4<f32>, R>;
    var dp: array<vec4<f32>, R>; // then dscore
    // @unroll
    for (var r = 0u; r < R; r++) {
      p[r] = vec4<f32>();
      dp[r] = vec4<f32>();
    }
    for (var g = 0u; g < CG; g += G) {
      // @unroll
      for (var c = 0u; c < KEPT; c++) {
        own_q[c] = own_q[c + G];
        own_dy[c] = own_dy[c + G];
      }
      // @unroll
      for (var c = 0u; c < G; c++) {
        own_q[KEPT + c] = q_at(row_q, g + c);
        own_dy[KEPT + c] = dy_at(row_y, g + c);
      }
    }
    // @unroll
    for (var c = 0u; c < C; c++) {
      let queries = share(own_q[c]);
      let dys = share(own_dy[c]);
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
      let ok = in_range & (vec4<u32>(j) <= query + reach) & vec4<bool>(mine + r < params.s);
      let weight = select(vec4<f32>(), exp(p[r] - stat[0]), ok);
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
      // Element by element: few values live at once, so that they stay in registers.
      // @unroll
      for (var e = 0u; e < 4u; e++) {
        let queries = share_one(own_q[c][e]);
        let dys = share_one(own_dy[c][e]);
        var part = vec4<f32>(); // of four rows of dq, each lane's own at a slot of its own
        // @unroll
        for (var r = 0u; r < R; r++) {
          sum_k[r * C + c][e] += dot(queries, dp[r]);
          sum_v[r * C + c][e] += dot(dys, p[r]);
          part += ks[r * C + c][e] * dp[r];
        }
        own_dq[c][e] = (part.x + quadSwapX(part.y)) + (quadSwapY(part.z) + quadSwapDiagonal(part.w));
      }
    }
    for (var g = 0u; g < CG; g += G) {
      // @unroll
      for (var c = 0u; c < G; c++) {
        if (in_range.x && g + c < C) {
          var total = own_dq[c];
          if (first > 0u) { total += dq_at(row_dq, g + c); }
          put_q(row_dq, g + c, total);
        }
      }
      // @unroll
      for (var c = 0u; c < KEPT; c++) { own_dq[c] = own_dq[c + G]; }
    }
  }

  for (var x = 0u; x < R * C; x++) {
    let j = mine + x / C;
    if (j < params.s) {
      put_k(params.r_0 + b * params.r_b + head_k * params.r_h + j * params.r_t, x % C, sum_k[x] * params.scale);
      put_v(params.w_0 + b * params.w_b + head_k * params.w_h + j * params.w_t, x % C, sum_v[x]);
    }
  }
}
