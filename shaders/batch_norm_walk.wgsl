// Library of the batch norm shaders: the elements of one channel of x [n,c,plane], cut into splits, each shared by the WG
// lanes of a workgroup. A unit is what one load gives: 4 elements if the plane divides by 4, else 1.
// The place of the next unit follows from the last by additions: a division per unit would cost as much as the load.

const WG: u32 = 64;

struct Params {
  c: u32,
  plane: u32, // units in a plane
  units: u32, // units of a channel: n * plane
  units_per_split: u32,
  eps: f32,
}

// Rounding errors grow with the length of a chain of additions: so one chain adds up chains of BLOCK.
const BLOCK: u32 = 16;

struct Walk {
  left: u32, // units to visit
  at: u32, // index of the unit in x
  pos: u32, // in its plane
}

fn walk(channel: u32, split: u32, lane: u32) -> Walk {
  let first = split * params.units_per_split + lane;
  let end = min((split + 1u) * params.units_per_split, params.units);
  let left = select(0u, (end - first + WG - 1u) / WG, first < end);
  let pos = first % params.plane;
  return Walk(left, (first / params.plane * params.c + channel) * params.plane + pos, pos);
}

fn advance(w: ptr<function, Walk>) {
  let step = WG % params.plane;
  (*w).left--;
  (*w).pos += step;
  (*w).at += WG / params.plane * params.c * params.plane + step;
  if ((*w).pos >= params.plane) {
    (*w).pos -= params.plane;
    (*w).at += (params.c - 1u) * params.plane;
  }
}
