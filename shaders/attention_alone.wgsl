// The four rows that every thread loads for itself: no subgroups, and on a GPU one cache line serves all. A library.
const QUAD: bool = false;

fn slots(lane: u32) -> vec4<u32> { return FOUR; }
fn share(x: vec4<f32>) -> mat4x4<f32> { return mat4x4<f32>(x, x, x, x); }
