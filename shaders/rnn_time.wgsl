// Library of the recurrent shaders: which step of which sequence. A unit block is 4 hidden units (V = vec4f) if the hidden
// size divides by 4, else 1 (V = f32). Importers declare the binding `lengths`.

alias V = vec4f;
const HAS_LENGTHS: bool = true;
override WG: u32 = 64;

struct Params {
  t: u32, // the time index of this step
  other: u32, // forward: of the step that follows; backward: of the step whose gradient is known
  linked: u32, // 1 if there is such a step
  fresh: u32, // 1 at a first step where every sequence starts from zeros: no state is read, the zeros are written for the gradient
  reverse: u32, // 1: time runs from the end of each sequence to its start
  steps: u32, // time indices in all
  batch: u32,
  units: u32, // unit blocks of a row
}

fn length_of(row: u32) -> u32 {
  if (HAS_LENGTHS) { return u32(clamp(lengths[row], 1, i32(params.steps))); }
  return params.steps;
}

// True where the recurrence of this sequence ends: what h_n and c_n hold.
fn is_last(t: u32, length: u32) -> bool { return select(t + 1u == length, t == 0u, params.reverse == 1u); }

// Where it starts.
fn start_of(row: u32) -> u32 { return select(0u, length_of(row) - 1u, params.reverse == 1u); }
