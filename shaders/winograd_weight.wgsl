// Winograd F(2x2, 3x3) (Lavin & Gray 2016, arXiv:1509.09308), first of three transforms: the 3x3 kernels g of a convolution become
//   U = G g G^T, G = [1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1]
// u[k, o, c] of the k-th of 16 places. The strides turn the kernels round, and exchange channels, for the data gradient.
// Then winograd_input.wgsl, 16 products of matrices, winograd_output.wgsl.
// Grid: ceil(outputs * inputs / WG) workgroups, folded into y; a thread a kernel.

override WG: u32 = 64;

// weight[w0 + o * wo + c * wc + ky * wy + kx * wx]
struct Params { outputs: u32, inputs: u32, w0: u32, wo: u32, wc: u32, wy: u32, wx: u32 }

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> u: array<f32>; // [16, outputs, inputs]
@group(0) @binding(2) var<uniform> params: Params;

fn row(at: u32) -> vec3<f32> {
  return vec3<f32>(weight[at], weight[at + params.wx], weight[at + 2u * params.wx]);
}

fn spread(g: vec3<f32>) -> vec4<f32> {
  let ends = 0.5 * (g.x + g.z);
  let middle = 0.5 * g.y;
  return vec4<f32>(g.x, ends + middle, ends - middle, g.z);
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  let kernels = params.outputs * params.inputs;
  if (t >= kernels) { return; }
  let o = t / params.inputs;
  let at = params.w0 + o * params.wo + (t - o * params.inputs) * params.wc;
  let g0 = row(at);
  let g1 = row(at + params.wy);
  let g2 = row(at + 2u * params.wy);
  let ends = 0.5 * (g0 + g2);
  let middle = 0.5 * g1;
  let rows = array<vec4<f32>, 4>(spread(g0), spread(ends + middle), spread(ends - middle), spread(g2));
  // @unroll
  for (var i = 0u; i < 4u; i++) {
    let first = 4u * i * kernels + t;
    u[first] = rows[i].x;
    u[first + kernels] = rows[i].y;
    u[first + 2u * kernels] = rows[i].z;
    u[first + 3u * kernels] = rows[i].w;
  }
}
