// Library of the pooling shaders: which elements of x [planes,h,w] the window of an output (oy, ox) covers, and which
// windows cover an element. Positions are vec2i(y, x).
//   fixed:    from o * stride - pad, kernel elements `dilation` apart
//   adaptive: from floor(o * size / out) to ceil((o + 1) * size / out), as PyTorch

const ADAPTIVE: bool = false;
// Loops over a window, or over the windows of an element, written out without a branch; ROLLED for adaptive or large ones.
// On SwiftShader a divergent loop costs twice what is in it.
const ROLLED: bool = false;
const TAPS_Y: i32 = 3; // turns over a window: the kernel
const TAPS_X: i32 = 3;
const COVER_Y: i32 = 2; // turns over the windows of an element: ceil(reach / stride)
const COVER_X: i32 = 2;
// Constants, not params: a division by them needs no guard against 0 and becomes a multiplication.
const KERNEL_Y: i32 = 3;
const KERNEL_X: i32 = 3;
const STRIDE_Y: i32 = 2;
const STRIDE_X: i32 = 2;
const PAD_Y: i32 = 1;
const PAD_X: i32 = 1;
const DILATION_Y: i32 = 1;
const DILATION_X: i32 = 1;
struct Params {
  n: u32, // threads
  h: i32,
  w: i32,
  oh: i32,
  ow: i32,
  divisor: f32, // of an average; 0: what the window covers
}

fn size() -> vec2i { return vec2i(params.h, params.w); }
fn out_size() -> vec2i { return vec2i(params.oh, params.ow); }
fn stride() -> vec2i { return vec2i(STRIDE_Y, STRIDE_X); }
fn pad() -> vec2i { return vec2i(PAD_Y, PAD_X); }
fn dilation() -> vec2i { return vec2i(DILATION_Y, DILATION_X); }
fn reach() -> vec2i { return vec2i((KERNEL_Y - 1) * DILATION_Y + 1, (KERNEL_X - 1) * DILATION_X + 1); }

// Where the window starts; outside x if padded.
fn window_begin(o: vec2i) -> vec2i {
  if (ADAPTIVE) { return o * size() / out_size(); }
  return o * stride() - pad();
}

// One past its last element; outside x if padded.
fn window_end(o: vec2i) -> vec2i {
  if (ADAPTIVE) { return ((o + 1) * size() + out_size() - 1) / out_size(); }
  return window_begin(o) + reach();
}

// Its first element inside x: whole steps of the dilation from its start.
fn window_first(o: vec2i) -> vec2i {
  let begin = window_begin(o);
  return begin + (max(-begin, vec2i(0)) + dilation() - 1) / vec2i(DILATION_Y, DILATION_X) * dilation();
}

// The first window that may cover the element at `i`.
fn windows_begin(i: vec2i) -> vec2i {
  if (ADAPTIVE) { return i * out_size() / size(); }
  return max(i + pad() - reach() + stride(), vec2i(0)) / vec2i(STRIDE_Y, STRIDE_X);
}

// One past the last window that may cover it.
fn windows_end(i: vec2i) -> vec2i {
  if (ADAPTIVE) { return ((i + 1) * out_size() + size() - 1) / size(); }
  return min((i + pad()) / vec2i(STRIDE_Y, STRIDE_X) + 1, out_size());
}

// Plane, row and column of element `i` of planes of that size.
fn place(i: u32, plane: vec2i) -> vec3i {
  let rows = i32(i / u32(plane[1]));
  let column = i32(i) - rows * plane[1];
  let number = rows / plane[0];
  return vec3i(number, rows - number * plane[0], column);
}

// The place one further.
fn following(p: vec3i, plane: vec2i) -> vec3i {
  let right = p + vec3i(0, 0, 1);
  let down = select(right, vec3i(p.x, p.y + 1, 0), right.z == plane[1]);
  return select(down, vec3i(p.x + 1, 0, 0), down.y == plane[0]);
}
