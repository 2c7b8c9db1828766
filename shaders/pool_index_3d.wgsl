// Indices of a 3-D max pooling done in two steps: within planes, index1 [n, d, p] with p = oh * ow outputs a plane, then
// along d, index2 [n, od, p] as positions d' * p + column. y = d' * plane + index1[n, d', column]; -1 where either is.
// Grid: one thread per element of y, folded into y.

@group(0) @binding(0) var<storage, read> index1: array<i32>;
@group(0) @binding(1) var<storage, read> index2: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;

struct Params {
  size: u32,
  out_volume: u32, // od * p
  d: u32,
  p: u32,
  plane: u32, // h * w
}
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  let at = index2[t];
  if (at < 0) {
    y[t] = -1;
    return;
  }
  let inside = index1[t / params.out_volume * params.d * params.p + u32(at)];
  y[t] = select(at / i32(params.p) * i32(params.plane) + inside, -1, inside < 0);
}
