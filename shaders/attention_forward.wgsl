// y_i = sum over j of softmax_j(score[i, j]) v_j by online softmax (Milakov & Gimelshein 2018; Dao et al. 2022): four keys at a
// time, sums rescaled whenever the row maximum grows. lse_i = log sum_j exp(score[i, j]) is kept for the gradients. A row
// that may attend to nothing gives zeros and lse = -LOWEST, so that exp(score - lse) is 0 there too.
// A library: attention.wgsl and attention_swap.wgsl have the entry points. Grid: WG * R queries of a head a workgroup.
// import attention_tile.wgsl
// import attention_mask.wgsl

@group(0) @binding(4) var<storage, read> draw: array<vec4<u32>>; // key, offset
@group(0) @binding(5) var<storage, read_write> y: array<V>;
@group(0) @binding(6) var<storage, read_write> lse: array<f32>; // [b, h, t]
@group(0) @binding(7) var<uniform> params: Params;

fn forward(w: u32, lane: u32, thread: u32) {
  let at = place_of(w, params.h);
  let head_k = at.head / params.group;
  let q_base = params.q_0 + at.b * params.q_b + at.head * params.q_h;
  let k_base = params.k_0 + at.b * params.k_b + head_k * params.k_h;
  let v_base = params.v_0 + at.b * params.v_b + head_k * params.v_h;
  let m_base = at.b * params.m_b + at.head * params.m_h;
  let mine = at.first + thread * R;
  let slot = slots(lane);
  let last = params.s - 1u;
  let draw_at = draw[0];

  // Filled and emptied by one loop over all: the arrays then stay in memory, and compile several times faster.
  var qs: array<vec4<f32>, R * C>;
  var sum: array<vec4<f32>, R * C>; // of exp(score - top) v
  var top: array<f32, R>;
  var total: array<f32, R>; // of exp(score - top)
  for (var x = 0u; x < R * C; x++) {
    let row = min(mine + x / C, params.t - 1u);
    qs[x] = q_at(q_base + row * params.q_t, x % C) * params.scale;
  }
  // @unroll
  for (var r = 0u; r < R; r++) { top[r] = LOWEST; }

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
    var p: array<vec4<f32>, R>; // scores, then weights
    var fade: array<f32, R>;
    // @unroll
    for (var r = 0u; r < R; r++) { p[r] = vec4<f32>(); }
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
      let four = k_four(keys[c], rows_k, c);
      // @unroll
      for (var r = 0u; r < R; r++) { p[r] += qs[r * C + c] * four; }
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
      let score = select(vec4<f32>(LOWEST), with_mask(p[r], word), ok);
      let pair = max(score.xy, score.zw);
      let highest = max(top[r], max(pair.x, pair.y));
      fade[r] = exp(top[r] - highest);
      top[r] = highest;
      let e = select(vec4<f32>(), exp(score - highest), ok);
      total[r] = total[r] * fade[r] + (e.x + e.y) + (e.z + e.w);
      p[r] = e;
      if (DROP) { p[r] *= kept(arranged(drawn(draw_at, at.bh * params.t + i, j), slot.x)); }
    }
    // @unroll
    for (var c = 0u; c < C; c++) {
      let four = v_four(values[c], rows_v, c);
      // @unroll
      for (var r = 0u; r < R; r++) { sum[r * C + c] = sum[r * C + c] * fade[r] + four * p[r]; }
    }
  }

  for (var x = 0u; x < R * C; x++) {
    let r = x / C;
    let c = x % C;
    let i = mine + r;
    if (i < params.t) {
      let all = total[r];
      let empty = all == 0.0;
      if (c == 0u) { lse[at.bh * params.t + i] = select(top[r] + log(all), -LOWEST, empty); }
      let part = sum[x] * select(1.0 / all, 0.0, empty);
      let out = at.b * params.y_b + at.head * params.y_h + i * params.y_t + 4u * c;
      if (VEC) {
        y[out / 4u] = to_v(part);
      } else {
        // @unroll
        for (var e = 0u; e < 4u; e++) {
          if (4u * c + e < D) { y[out + e] = to_v(vec4<f32>(part[e])); }
        }
      }
    }
  }
}
