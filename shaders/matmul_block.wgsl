// What matmul_register.wgsl and matmul_quad.wgsl share: bindings, and loads and stores of four values at a time.
// y[batch, m, n] = op(a)[batch, m, k] x op(b)[batch, k, n] (+ bias[n]); op transposes what TRANS_A / TRANS_B say is stored so.
// Tails of m and n clamp their loads to the last row or column and are not stored; a tail of k is masked to zero.

struct Params {
  m: u32, n: u32, k: u32,
  k_chunk: u32, // a split takes this much of k and writes its own y: matmul_splitk_reduce.wgsl adds them in order
  tiles_m: u32, tiles_n: u32, batches: u32,
  groups: u32, // tiles_n * tiles_m * batches * splits
  d1: u32, d2: u32, // batch = (i0 * d1 + i1) * d2 + i2
  a0: u32, a1: u32, a2: u32, // elements of a from one i0 (i1, i2) to the next; 0 where a is broadcast
  b0: u32, b1: u32, b2: u32,
}

alias VA = vec4<f32>; // f32 unless A_VEC
alias VB = vec4<f32>; // f32 unless B_VEC

@group(0) @binding(0) var<storage, read> a: array<VA>; // [.., m, k], or [.., k, m] if TRANS_A
@group(0) @binding(1) var<storage, read> b: array<VB>; // [.., k, n], or [.., n, k] if TRANS_B
@group(0) @binding(2) var<storage, read> bias: array<f32>; // [n]
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [splits, .., m, n]
@group(0) @binding(4) var<storage, read_write> a_sums: array<f32>; // [splits, m]: sums of op(a) along k, of one batch
@group(0) @binding(5) var<uniform> params: Params;

const TRANS_A: bool = false;
const TRANS_B: bool = false;
const A_VEC: bool = true; // not TRANS_A, and k a multiple of four
const B_VEC: bool = true; // rows as stored are a multiple of four long
const K_TAIL: bool = false; // k is no multiple of four
const HAS_BIAS: bool = false;
const HAS_A_SUMS: bool = false; // where a is the gradient of a layer's output, its sums are the bias gradient

fn epilogue(v: f32, i: u32) -> f32 { return v; }

struct Tile { row: u32, col: u32, a_base: u32, b_base: u32, k_begin: u32, k_end: u32, y_base: u32 }

// Workgroup w of the folded grid: along n first, then m, batch, split. rows, cols: outputs of a workgroup.
fn tile_of(w: u32, rows: u32, cols: u32) -> Tile {
  let z = w / (params.tiles_n * params.tiles_m);
  let batch = z % params.batches;
  let i0 = batch / (params.d1 * params.d2);
  let i1 = (batch / params.d2) % params.d1;
  let i2 = batch % params.d2;
  let k_begin = (z / params.batches) * params.k_chunk;
  return Tile(
    ((w / params.tiles_n) % params.tiles_m) * rows,
    (w % params.tiles_n) * cols,
    i0 * params.a0 + i1 * params.a1 + i2 * params.a2,
    i0 * params.b0 + i1 * params.b1 + i2 * params.b2,
    k_begin,
    min(k_begin + params.k_chunk, params.k),
    z * params.m * params.n,
  );
}

// vec4<f32>(x) takes a vec4 and a scalar alike, so one text serves both aliases.
fn read_a(i: vec4<u32>) -> vec4<f32> {
  if (A_VEC) { return vec4<f32>(a[i.x / 4u]); }
  return vec4<f32>(vec4<f32>(a[i.x]).x, vec4<f32>(a[i.y]).x, vec4<f32>(a[i.z]).x, vec4<f32>(a[i.w]).x);
}
fn read_b(i: vec4<u32>) -> vec4<f32> {
  if (B_VEC) { return vec4<f32>(b[i.x / 4u]); }
  return vec4<f32>(vec4<f32>(b[i.x]).x, vec4<f32>(b[i.y]).x, vec4<f32>(b[i.z]).x, vec4<f32>(b[i.w]).x);
}

const FOUR: vec4<u32> = vec4<u32>(0u, 1u, 2u, 3u);

// Where row `row` of op(a) starts, and columns col .. col + 3 of op(b).
fn row_at(base: u32, row: u32) -> u32 {
  return base + min(row, params.m - 1u) * select(params.k, 1u, TRANS_A);
}
fn cols_at(base: u32, col: u32) -> vec4<u32> {
  return base + min(col + FOUR, vec4<u32>(params.n - 1u)) * select(1u, params.k, TRANS_B);
}

// a[row, kk .. kk + 3]
fn load_a(at: u32, kk: u32, k_end: u32) -> vec4<f32> {
  let v = read_a(at + (kk + FOUR) * select(1u, params.m, TRANS_A));
  if (K_TAIL) { return select(vec4<f32>(0.0), v, kk + FOUR < vec4<u32>(k_end)); }
  return v;
}

// Column c of the result is b[kk .. kk + 3, col + c], so that load_a() * load_b() is four outputs of a row.
// (Row vector times matrix: the other way round, SwiftShader is a third slower.)
fn load_b(at: vec4<u32>, kk: u32, k_end: u32) -> mat4x4<f32> {
  var v: mat4x4<f32>;
  if (TRANS_B) {
    let i = kk + FOUR;
    v = mat4x4<f32>(read_b(at.x + i), read_b(at.y + i), read_b(at.z + i), read_b(at.w + i));
  } else {
    let n = params.n;
    let i = at + kk * n;
    v = transpose(mat4x4<f32>(read_b(i), read_b(i + n), read_b(i + 2u * n), read_b(i + 3u * n)));
  }
  if (K_TAIL) { // masking a is not enough: 0 * inf
    let o = vec4<f32>(0.0);
    let inside = kk + FOUR < vec4<u32>(k_end);
    v = mat4x4<f32>(select(o, v[0], inside), select(o, v[1], inside), select(o, v[2], inside), select(o, v[3], inside));
  }
  return v;
}

// The rows' sums over k, four partial ones each: written by the workgroups of the first columns.
fn store_sum(t: Tile, row: u32, sum: vec4<f32>) {
  if (t.col > 0u || row >= params.m) { return; }
  a_sums[t.y_base / params.n + row] = (sum.x + sum.y) + (sum.z + sum.w);
}

fn store(base: u32, row: u32, col: u32, v: vec4<f32>) {
  if (row >= params.m) { return; }
  let i = base + row * params.n + col;
  // @unroll
  for (var c = 0u; c < 4u; c++) {
    if (col + c < params.n) {
      var r = v[c];
      if (HAS_BIAS) { r += bias[col + c]; }
      y[i + c] = epilogue(r, i + c);
    }
  }
}
