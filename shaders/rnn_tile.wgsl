// Library of the recurrent step shaders. A thread owns one block of hidden units of ROWS sequences of the batch: every
// weight it loads serves ROWS times. For blocks of one unit recurrent_run.ts replaces `dots` and `combine`. Importers declare
// the binding w_hh.

// import rnn_time.wgsl

alias VI = vec4i;
const WIDTH: u32 = 4; // units of a block
const ROWS: u32 = 4;

struct Place { unit: u32, row: u32 }

// Threads run along the units first. Those past the end have row >= batch.
fn place(wid: vec3u, nwg: vec3u, lid: vec3u) -> Place {
  let id = (wid.y * nwg.x + wid.x) * WG + lid.x;
  return Place(id % params.units, id / params.units * ROWS);
}

struct Quad { a: V, b: V, c: V, d: V }

// WIDTH rows of the weights, `stride` blocks apart.
fn quad(at: u32, stride: u32) -> Quad {
  var q: Quad;
  q.a = w_hh[at];
  if (WIDTH == 4u) {
    q.b = w_hh[at + stride];
    q.c = w_hh[at + 2u * stride];
    q.d = w_hh[at + 3u * stride];
  }
  return q;
}

// A block of h times the weight rows of WIDTH units.
fn dots(x: V, q: Quad) -> V { return V(dot(x, q.a), dot(x, q.b), dot(x, q.c), dot(x, q.d)); }

// A block of gate gradients times WIDTH weight rows: gradients of WIDTH units.
fn combine(x: V, q: Quad) -> V { return x.x * q.a + x.y * q.b + x.z * q.c + x.w * q.d; }

// e^x for |x| <= 80, by Cody and Waite with Cephes' polynomial: WGSL's own exp may err by 3 + 2 |x| ulp.
fn exp_near(x: V) -> V {
  let k = round(x * 1.44269504);
  let r = (x - k * 0.693359375) + k * 2.12194440e-4;
  let p = 1.6666665459e-1 + r * (4.1665795894e-2 + r * (8.3334519073e-3 + r * (1.3981999507e-3 + r * 1.9875691500e-4)));
  let scale = bitcast<V>((VI(k) + VI(127)) * VI(8388608)); // 2^k
  return (1.0 + (r + r * r * (0.5 + r * p))) * scale;
}

// NaN stays; WGSL lets clamp and comparisons lose it.
fn keep_nan(x: V, y: V) -> V { return select(y, x, (bitcast<VI>(x) & VI(0x7fffffff)) > VI(0x7f800000)); }

fn sigmoid(x: V) -> V {
  let e = exp_near(-min(abs(x), V(80.0))); // 1 / (1 + e^x) would overflow
  return keep_nan(x, select(e, V(1.0), x >= V()) / (1.0 + e));
}

// Near 0, where 1 - 2 / (e^2x + 1) cancels, Cephes' polynomial.
fn tanh_gate(x: V) -> V {
  let a = min(abs(x), V(40.0));
  let z = a * a;
  let p = 2.06390887954e-2 + z * -5.70498872745e-3;
  let near = a + a * z * (-3.33332819422e-1 + z * (1.33314422036e-1 + z * (-5.37397155531e-2 + z * p)));
  let far = 1.0 - 2.0 / (exp_near(2.0 * a) + 1.0);
  let y = select(far, near, a < V(0.625));
  return keep_nan(x, select(y, -y, x < V()));
}
