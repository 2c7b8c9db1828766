// Where attention_key_gradient.wgsl puts dk and dv: side by side in one tensor, or apart. A library.
// import attention_tile.wgsl

@group(0) @binding(6) var<storage, read_write> dk: array<V>; // JOINED: dv too, at w_0
@group(0) @binding(7) var<storage, read_write> dv: array<V>;
@group(0) @binding(8) var<uniform> params: Params;

const JOINED: bool = false;

// Four elements of the row that starts at `at`.
fn put_k(at: u32, c: u32, x: vec4<f32>) {
  let i = at + 4u * c;
  if (VEC) {
    dk[i / 4u] = to_v(x);
  } else {
    // @unroll
    for (var e = 0u; e < 4u; e++) {
      if (4u * c + e < D) { dk[i + e] = to_v(vec4<f32>(x[e])); }
    }
  }
}
fn put_v(at: u32, c: u32, x: vec4<f32>) {
  if (JOINED) {
    put_k(at, c, x);
    return;
  }
  let i = at + 4u * c;
  if (VEC) {
    dv[i / 4u] = to_v(x);
  } else {
    // @unroll
    for (var e = 0u; e < 4u; e++) {
      if (4u * c + e < D) { dv[i + e] = to_v(vec4<f32>(x[e])); }
    }
  }
}
