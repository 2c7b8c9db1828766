// Library of the layer norm shaders: a row of d elements belongs to a team of LANES threads, which take every LANES-th unit
// of it. A unit is 4 elements if d divides by 4, else 1.

alias V = vec4f;
const WIDTH: f32 = 4.0;
const WG: u32 = 64;
const LANES: u32 = 16; // divides WG

// Rounding errors grow with the length of a chain of additions: so one chain adds up chains of BLOCK lanes' units.
const BLOCK: u32 = 16 * LANES;

struct Params {
  rows: u32,
  units: u32, // in a row
  d: f32, // elements in a row
  eps: f32,
  turns: u32, // of a team: layer_norm_backward_sums.wgsl
}

var<workgroup> parts: array<vec2f, WG>;

fn total(v: V) -> f32 {
  let four = vec4f(v); // a single element is widened to four of its kind
  return ((four.x + four.y) + (four.z + four.w)) * (WIDTH * 0.25);
}

// Sum over the team, the same for every lane of it. Has barriers: the whole workgroup must call it.
fn team_sum(own: vec2f, lane: u32) -> vec2f {
  if (LANES == 1u) { return own; }
  workgroupBarrier(); // the parts of an earlier sum have been read
  parts[lane] = own;
  workgroupBarrier();
  let first = lane / LANES * LANES;
  var sum = vec2f(0.0);
  for (var l = 0u; l < LANES; l++) { sum += parts[first + l]; }
  return sum;
}
