// Masks of attention: which scores they allow, and what they add. A library beside attention_tile.wgsl.

@group(0) @binding(3) var<storage, read> mask: array<u32>; // bool, or the bits of f32

const MASK: u32 = 0; // 1 bool, 2 added to the scores
const MASK_KEYS: bool = false; // the mask is one row for all queries
const MINUS_INF: u32 = 0xff800000u;

fn mask_four(at: vec4<u32>) -> vec4<u32> {
  return vec4<u32>(mask[at.x], mask[at.y], mask[at.z], mask[at.w]);
}
fn mask_allows(word: vec4<u32>) -> vec4<bool> {
  if (MASK == 1u) { return word != vec4<u32>(); }
  return word != vec4<u32>(MINUS_INF);
}
fn with_mask(x: vec4<f32>, word: vec4<u32>) -> vec4<f32> {
  if (MASK == 2u) { return x + bitcast<vec4<f32>>(word); }
  return x;
}
