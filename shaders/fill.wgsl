// y[i] = value. Grid: one thread per four elements, folded into y.
alias T = f32;

@group(0) @binding(0) var<storage, read_write> y: array<T>;

// `value` for floats; `bits` for integers, which f32 would round.
struct Params { n: u32, value: f32, bits: u32 }
@group(0) @binding(1) var<uniform> params: Params;

override WG: u32 = 64;
const INTEGER: bool = false;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let first = ((wid.y * nwg.x + wid.x) * WG + lid.x) * 4u;
  let value = select(T(params.value), bitcast<T>(params.bits), INTEGER);
  for (var i = first; i < min(first + 4u, params.n); i++) {
    y[i] = value;
  }
}
