// dq_i = scale * sum over j of dscore[i, j] k_j, and where asked for dmask[i, j] = dscore[i, j]. Recomputes the weights from q, k
// and the log-sum-exp: nothing of size t x s is kept.
// A library: attention_dq.wgsl and attention_dq_swap.wgsl have the entry points. Grid: WG * R queries of a head a workgroup.
// import attention_gradient.wgsl
// import attention_mask.wgsl

@group(0) @binding(6) var<storage, read_write> dq: array<V>;
@group(0) @binding(7) var<storage, read_write> dmask: array<f32>; // [b, h, t, s], zero where causality skips
@group(0) @binding(8) var<uniform> params: Params;

const MASK_GRADIENT: bool = false;

fn query_gradient(w: u32, lane: u32, thread: u32) {
  let at = place_of(w, params.h);
  let head_k = at.head / params.group;
  let q_base = params.q_0 + at.b * params.q_b + at.head * params.q_h;
  let k_base = params.k_0 + at.b * params.k_b + head_k * params.k_h;
  let v_base = params.v_0 + at.b * params.v_b + head_k * params.v_h;
  let y_base = at.b * params.y_b + at.head * params.y_h;
  let m_base = at.b * params.m_b + at.head * params.m_h;
  let mine = at.first + thread * R;
  let slot = slots(lane);
  let last = params.s - 1u;
  let draw = draw_words();

  // Filled and emptied by one loop over all: the arrays then stay in memory, and compile several times faster.
  var qs: array<vec4<f32>, R * C>;
  var dys: array<vec4<f32>, R * C>;
  var sum: array<vec4<f32>, R * C>; // of dscore k
  var stat: array<vec2<f32>, R>;
  for (var x = 0u; x < R * C; x++) {
    let i = min(mine + x / C, params.t - 1u);
    qs[x] = q_at(q_base + i * params.q_t, x % C) * params.scale;
    dys[x] = dy_at(y_base + i * params.y_t, x % C);
    if (x % C == 0u) { stat[x / C] = row_at(at.bh * params.t + i); }
  }

  var keys: array<vec4<f32>, CG>; // QUAD: this lane's row
  var values: array<vec4<f32>, CG>;
  let reach = params.reach;
  let end = min(params.s, at.first + WG * R + reach);
  for (var j = 0u; j < end; j += 4u) {
    let key = vec4<u32>(j) + slot;
    let in_range = key < vec4<u32>(params.s);
    let near = min(key, vec4<u32>(last));
    let rows_k = k_base + near * params.k_s;
    let rows_v = v_base + near * params.v_s;
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
        keys[c] = keys[c + G];
        values[c] = values[c + G];
      }
      // @unroll
      for (var c = 0u; c < G; c++) {
        keys[KEPT + c] = k_at(rows_k.x, g + c);
        values[KEPT + c] = v_at(rows_v.x, g + c);
      }
    }
    // @unroll
    for (var c = 0u; c < C; c++) {
      let four_k = k_four(keys[c], rows_k, c);
      let four_v = v_four(values[c], rows_v, c);
      // @unroll
      for (var r = 0u; r < R; r++) {
        p[r] += qs[r * C + c] * four_k;
        dp[r] += dys[r * C + c] * four_v;
      }
    }
    var word = vec4<u32>();
    if (MASK_KEYS) { word = mask_four(m_base + near * params.m_s); }
    // @unroll
    for (var r = 0u; r < R; r++) {
      let i = min(mine + r, params.t - 1u);
      var ok = in_range & (key <= vec4<u32>(i + reach));
      if (MASK != 0u) {
        if (!MASK_KEYS) { word = mask_four(m_base + i * params.m_t + near * params.m_s); }
        ok = ok & mask_allows(word);
      }
      p[r] = exp(with_mask(p[r], word) - stat[r].x);
      if (DROP) { dp[r] *= kept(arranged(drawn(draw, at.bh * params.t + i, j), slot.x)); }
      dp[r] = select(vec4<f32>(), p[r] * (dp[r] - stat[r].y), ok);
      if (MASK_GRADIENT && mine + r < params.t) {
        let m = (at.bh * params.t + i) * params.s;
        // @unroll
        for (var e = 0u; e < 4u; e++) {
          if (in_range[e]) { dmask[m + key[e]] = dp[r][e]; }
        }
      }
    }
    // @unroll
    for (var c = 0u; c < C; c++) {
      let four = k_four(keys[c], rows_k, c);
      // @unroll
      for (var r = 0u; r < R; r++) { sum[r * C + c] += four * dp[r]; }
    }
  }

  for (var x = 0u; x < R * C; x++) {
    let i = mine + x / C;
    let c = x % C;
    if (i < params.t) {
      let part = sum[x] * params.scale;
      let out = params.r_0 + at.b * params.r_b + at.head * params.r_h + i * params.r_t + 4u * c;
      if (VEC) {
        dq[out / 4u] = to_v(part);
      } else {
        // @unroll
        for (var e = 0u; e < 4u; e++) {
          if (4u * c + e < D) { dq[out + e] = to_v(vec4<f32>(part[e])); }
        }
      }
    }
  }
}
