// What the attention kernels share: sizes, loads of rows of q, k and v, and the dropout of single scores. A library.
//   score[i, j] = scale * q_i . k_j (+ mask[i, j]),  allowed where the mask, the causal rule and the sizes say so
// A thread owns R rows (of queries, or of keys in the gradient of k and v) in registers and walks the other side four rows at
// a time: slots. The importing file says which four: `slots`, QUAD and `share` are in attention_alone.wgsl, attention_quad.wgsl.
// Masks: attention_mask.wgsl.
// import philox.wgsl

struct Params {
  t: u32, s: u32, // queries, keys
  h: u32, group: u32, // heads of q, and how many of them share a head of k and v
  groups: u32, tiles: u32, // workgroups in all, and a head
  reach: u32, // query i attends to keys up to i + reach: 0 if causal, else 2^31 - 1
  scale: f32, drop: f32, keep_scale: f32, // 1 / (1 - drop)
  q_0: u32, q_b: u32, q_h: u32, q_t: u32, // elements: where q starts, and from one b (h, t) to the next
  k_0: u32, k_b: u32, k_h: u32, k_s: u32,
  v_0: u32, v_b: u32, v_h: u32, v_s: u32,
  y_b: u32, y_h: u32, y_t: u32, // of y or dy
  r_0: u32, r_b: u32, r_h: u32, r_t: u32, // of dq or dk
  w_0: u32, w_b: u32, w_h: u32, w_t: u32, // of dv
  x_0: u32, x_b: u32, x_h: u32, x_t: u32, // of dq where r is dk
  m_b: u32, m_h: u32, m_t: u32, m_s: u32, // of the mask; 0 where it is broadcast
}

alias V = vec4<f32>; // f32 unless VEC

@group(0) @binding(0) var<storage, read> q: array<V>;
@group(0) @binding(1) var<storage, read> k: array<V>;
@group(0) @binding(2) var<storage, read> v: array<V>;

const WG: u32 = 4;
const R: u32 = 2; // rows a thread owns
const D: u32 = 32; // of a head
const C: u32 = 8; // vectors of four that hold D
const G: u32 = 4; // vectors of a row that are loaded by one turn of a loop: loads are long, and compile slowly
const CG: u32 = (C + G - 1) / G * G;
const KEPT: u32 = CG - G;
const VEC: bool = true; // D, and every stride but the mask's, is a multiple of four
const DROP: bool = false;

const FOUR: vec4<u32> = vec4<u32>(0u, 1u, 2u, 3u);
const LOWEST: f32 = -3.4028234e38; // -inf cannot be written, and -inf - -inf is NaN

fn tail(x: vec4<f32>, c: u32) -> vec4<f32> { return select(vec4<f32>(), x, 4u * c + FOUR < vec4<u32>(D)); }

// Four elements of the row that starts at `at`. vec4<f32>(x) takes a vec4 and a scalar alike: one text for both aliases.
fn q_at(at: u32, c: u32) -> vec4<f32> {
  let i = at + 4u * c;
  if (VEC) { return vec4<f32>(q[i / 4u]); }
  return tail(vec4<f32>(vec4<f32>(q[i]).x, vec4<f32>(q[i + 1u]).x, vec4<f32>(q[i + 2u]).x, vec4<f32>(q[i + 3u]).x), c);
}
fn k_at(at: u32, c: u32) -> vec4<f32> {
  let i = at + 4u * c;
  if (VEC) { return vec4<f32>(k[i / 4u]); }
  return tail(vec4<f32>(vec4<f32>(k[i]).x, vec4<f32>(k[i + 1u]).x, vec4<f32>(k[i + 2u]).x, vec4<f32>(k[i + 3u]).x), c);
}
fn v_at(at: u32, c: u32) -> vec4<f32> {
  let i = at + 4u * c;
  if (VEC) { return vec4<f32>(v[i / 4u]); }
  return tail(vec4<f32>(vec4<f32>(v[i]).x, vec4<f32>(v[i + 1u]).x, vec4<f32>(v[i + 2u]).x, vec4<f32>(v[i + 3u]).x), c);
}

// To what results are stored as; replaced where V is a scalar.
fn to_v(x: vec4<f32>) -> V { return V(x); }

// The same four elements of four rows, one a column; QUAD: from `own`, this lane's.
fn k_four(own: vec4<f32>, rows: vec4<u32>, c: u32) -> mat4x4<f32> {
  if (QUAD) { return share(own); }
  return mat4x4<f32>(k_at(rows.x, c), k_at(rows.y, c), k_at(rows.z, c), k_at(rows.w, c));
}
fn v_four(own: vec4<f32>, rows: vec4<u32>, c: u32) -> mat4x4<f32> {
  if (QUAD) { return share(own); }
  return mat4x4<f32>(v_at(rows.x, c), v_at(rows.y, c), v_at(rows.z, c), v_at(rows.w, c));
}

// Which head and which rows a workgroup has.
struct Place { bh: u32, b: u32, head: u32, first: u32 }
fn place_of(w: u32, heads: u32) -> Place {
  let bh = w / params.tiles;
  return Place(bh, bh / heads, bh % heads, (w % params.tiles) * WG * R);
}

// 1 / (1 - drop) for scores that are kept, 0 for others: score (row, j) draws lane j % 4 of block row * ceil(s / 4) + j / 4.
fn drawn(draw: vec4<u32>, row: u32, j: u32) -> vec4<u32> {
  let index = row * ((params.s + 3u) / 4u) + j / 4u;
  return philox4x32(philox_counter(draw.zw, index), draw.xy);
}
fn kept(bits: vec4<u32>) -> vec4<f32> {
  let u = vec4<f32>(unit_f32(bits.x), unit_f32(bits.y), unit_f32(bits.z), unit_f32(bits.w));
  return select(vec4<f32>(), vec4<f32>(params.keep_scale), u >= vec4<f32>(params.drop));
}
// Lanes 0 to 3 in the order of slots: 0 ^ x, 1 ^ x, 2 ^ x, 3 ^ x.
fn arranged(bits: vec4<u32>, x: u32) -> vec4<u32> {
  let pairs = select(bits, bits.yxwz, (x & 1u) != 0u);
  return select(pairs, pairs.zwxy, (x & 2u) != 0u);
}
