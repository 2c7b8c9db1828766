// y[b, r, c] = x[b, r, c] on one side of a diagonal, else 0: c - r <= diagonal (tril), or >= with UPPER (triu).
// Grid: one thread per element, folded into y.
// @variant UPPER=true
// Bits, so that one text serves every dtype.
alias T = u32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;

struct Params { size: u32, rows: u32, cols: u32, diagonal: i32 }
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;
const UPPER: bool = false;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  let c = i32(t % params.cols);
  let r = i32(t / params.cols % params.rows);
  // Chosen, not multiplied: what is cut off may be infinite or NaN.
  let kept = select(c - r <= params.diagonal, c - r >= params.diagonal, UPPER);
  y[t] = select(T(), x[t], kept);
}
