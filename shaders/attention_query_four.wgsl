// Four queries at a time, for the kernels of attention's gradients whose threads own keys: rows of q and dy, their (log-sum-exp,
// delta), and their dropout. A library.
// import attention_gradient.wgsl

// Four rows; QUAD: from `own`, this lane's.
fn q_four(own: vec4<f32>, rows: vec4<u32>, c: u32) -> mat4x4<f32> {
  if (QUAD) { return share(own); }
  return mat4x4<f32>(q_at(rows.x, c), q_at(rows.y, c), q_at(rows.z, c), q_at(rows.w, c));
}
fn dy_four(own: vec4<f32>, rows: vec4<u32>, c: u32) -> mat4x4<f32> {
  if (QUAD) { return share(own); }
  return mat4x4<f32>(dy_at(rows.x, c), dy_at(rows.y, c), dy_at(rows.z, c), dy_at(rows.w, c));
}
// (lse, delta) of four queries, one a column.
fn stat_four(row: vec4<u32>) -> mat4x4<f32> {
  if (QUAD) { return share(vec4<f32>(row_at(row.x), 0.0, 0.0)); }
  return mat4x4<f32>(
    vec4<f32>(row_at(row.x), 0.0, 0.0), vec4<f32>(row_at(row.y), 0.0, 0.0),
    vec4<f32>(row_at(row.z), 0.0, 0.0), vec4<f32>(row_at(row.w), 0.0, 0.0),
  );
}
// Factor of the dropout for key j and four queries.
fn kept_four(draw: vec4<u32>, row: vec4<u32>, j: u32) -> vec4<f32> {
  let x = j & 3u;
  return vec4<f32>(
    kept(arranged(drawn(draw, row.x, j), x)).x, kept(arranged(drawn(draw, row.y, j), x)).x,
    kept(arranged(drawn(draw, row.z, j), x)).x, kept(arranged(drawn(draw, row.w, j), x)).x,
  );
}
