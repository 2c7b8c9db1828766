// Library of the pooling shaders: which elements of x [planes,h,w] the window of an output (oy, ox) covers, and which
// windows cover an element. Positions are vec2i(y, x).
//   fixed:    from o * stride - pad, kernel elements `dilation` apart
//   adaptive: from floor(o * size / out) to ceil((o + 1) * size / out), as PyTorch

const ADAPTIVE: bool = false;

struct Params {
  n: u32, // threads
  h: i32,
  w: i32,
  oh: i32,
  ow: i32,
  kernel_y: i32,
  kernel_x: i32,
  stride_y: i32,
  stride_x: i32,
  pad_y: i32,
  pad_x: i32,
  dilation_y: i32,
  dilation_x: i32,
  divisor: f32, // of an average; 0: what the window covers
}

fn size() -> vec2i { return vec2i(params.h, params.w); }
fn out_size() -> vec2i { return vec2i(params.oh, params.ow); }
fn stride() -> vec2i { return vec2i(params.stride_y, params.stride_x); }
fn pad() -> vec2i { return vec2i(params.pad_y, params.pad_x); }
fn dilation() -> vec2i { return vec2i(params.dilation_y, params.dilation_x); }
fn reach() -> vec2i { return (vec2i(params.kernel_y, params.kernel_x) - 1) * dilation() + 1; }

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
  return begin + (max(-begin, vec2i(0)) + dilation() - 1) / dilation() * dilation();
}

// The first window that may cover the element at `i`.
fn windows_begin(i: vec2i) -> vec2i {
  if (ADAPTIVE) { return i * out_size() / size(); }
  return max(i + pad() - reach() + stride(), vec2i(0)) / stride();
}

// One past the last window that may cover it.
fn windows_end(i: vec2i) -> vec2i {
  if (ADAPTIVE) { return ((i + 1) * out_size() + size() - 1) / size(); }
  return min((i + pad()) / stride() + 1, out_size());
}

// Row and column of element `i` of planes of that size.
fn position(i: u32, plane: vec2i) -> vec2i {
  return vec2i(i32(i) / plane[1] % plane[0], i32(i) % plane[1]);
}

// Where the plane of output `i` begins in x.
fn plane_of_output(i: u32) -> u32 { return i / u32(params.oh * params.ow) * u32(params.h * params.w); }

// Where the plane of element `i` of x begins in the output.
fn plane_of_input(i: u32) -> u32 { return i / u32(params.h * params.w) * u32(params.oh * params.ow); }
