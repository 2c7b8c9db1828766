// The four lanes of a quad load one of four rows each and swap: a quarter of the loads. Slot x of lane l is row l ^ x of
// the four. A library for files with `enable subgroups;`, to be called in uniform control flow.
const QUAD: bool = true;

fn slots(lane: u32) -> vec4<u32> { return FOUR ^ vec4<u32>(lane & 3u); }
fn share(x: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(x, quadSwapX(x), quadSwapY(x), quadSwapDiagonal(x));
}
fn share_one(e: f32) -> vec4<f32> { return vec4<f32>(e, quadSwapX(e), quadSwapY(e), quadSwapDiagonal(e)); }
