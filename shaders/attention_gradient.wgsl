// What the gradients of attention share: the cotangent dy, and per query the log-sum-exp and delta = sum(dy * y). A library.
//   p = exp(score - lse),  dp = dy_i . v_j (dropped and scaled as p was),  dscore = p (dp - delta)
// import attention_tile.wgsl

@group(0) @binding(4) var<storage, read> dy: array<V>;
@group(0) @binding(5) var<storage, read> rows: array<vec2<u32>>; // [2 + b h t]: key and offset of the draw, then (lse, delta)

fn dy_at(at: u32, c: u32) -> vec4<f32> {
  let i = at + 4u * c;
  if (VEC) { return vec4<f32>(dy[i / 4u]); }
  return tail(vec4<f32>(vec4<f32>(dy[i]).x, vec4<f32>(dy[i + 1u]).x, vec4<f32>(dy[i + 2u]).x, vec4<f32>(dy[i + 3u]).x), c);
}

fn draw_words() -> vec4<u32> { return vec4<u32>(rows[0], rows[1]); }
// (log-sum-exp, delta) of a query
fn row_at(row: u32) -> vec2<f32> { return bitcast<vec2<f32>>(rows[2u + row]); }
