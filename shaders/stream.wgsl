// Roof of memory: y[i] = s * x[i], four vec4 a thread, neighbouring threads on neighbouring memory.
// Grid: [groups, 1, 1] of 64 threads, groups = n / 1024 for n floats (a multiple of 1024, at most 64 Mi).
// Bytes = 8 * n: one read and one write of each. Elementwise ops, Adam and layer norm are judged by this roof.

struct Params { s: f32 }

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let i = wid.x * 256u + lid.x;
  y[i] = x[i] * params.s;
  y[i + 64u] = x[i + 64u] * params.s;
  y[i + 128u] = x[i + 128u] * params.s;
  y[i + 192u] = x[i + 192u] * params.s;
}
