// Philox 4x32-10 (Salmon et al. 2011): four random u32 from a 128-bit counter and a 64-bit key, ten rounds of
//   (c0, c1, c2, c3) <- (hi(M1 c2) ^ c1 ^ k0, lo(M1 c2), hi(M0 c0) ^ c3 ^ k1, lo(M0 c0)),  k <- k + (W0, W1).
// A library to import: no bindings, no entry point. Same stream as src/tensor/philox.ts: element i of a draw is lane
// i % 4 of the block with counter (offset + i / 4 as low and high word, 0, 0) and key (seed low, seed high).

// The 64-bit product as (low, high) by 16-bit halves: WGSL has no u64.
fn mul_wide(a: u32, b: u32) -> vec2<u32> {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let lh = al * bh;
  let hl = ah * bl;
  let mid = ((al * bl) >> 16u) + (lh & 0xffffu) + (hl & 0xffffu);
  return vec2<u32>(a * b, ah * bh + (lh >> 16u) + (hl >> 16u) + (mid >> 16u));
}

fn philox4x32(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let p0 = mul_wide(0xD2511F53u, c.x);
    let p1 = mul_wide(0xCD9E8D57u, c.z);
    c = vec4<u32>(p1.y ^ c.y ^ k.x, p1.x, p0.y ^ c.w ^ k.y, p0.x);
    k = k + vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
  }
  return c;
}

// The counter of a block: 64-bit offset (low, high) + index, with the carry.
fn philox_counter(offset: vec2<u32>, index: u32) -> vec4<u32> {
  let low = offset.x + index;
  return vec4<u32>(low, offset.y + select(0u, 1u, low < index), 0u, 0u);
}

// Uniform on [0, 1) in steps of 2^-24: every value is exact in f32.
fn unit_f32(u: u32) -> f32 {
  return f32(u >> 8u) * 5.9604644775390625e-8;
}

// Uniform on (0, 1], for logarithms: never 0.
fn open_unit_f32(u: u32) -> f32 {
  return f32((u >> 8u) + 1u) * 5.9604644775390625e-8;
}
