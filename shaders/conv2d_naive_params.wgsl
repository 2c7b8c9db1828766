// Library of the naive convolutions: the sizes of one, x [n, c, h, w], weight [o, cg, kh, kw], y [n, o, oh, ow].

override WG: u32 = 64;

struct Params {
  size: u32,
  n: u32,
  c: u32,
  h: u32,
  w: u32,
  o: u32,
  oh: u32,
  ow: u32,
  cg: u32,
  og: u32,
  kh: u32,
  kw: u32,
  stride_y: u32,
  stride_x: u32,
  dilation_y: u32,
  dilation_x: u32,
  pad_y: u32,
  pad_x: u32,
}
