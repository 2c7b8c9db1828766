// Library of the elementwise batch norm shaders: each thread visits UNITS units of x [n,c,plane], WG apart, and knows their
// channel without a division each. A unit is 4 elements if the plane divides by 4, else 1.

override WG: u32 = 64;
const UNITS: u32 = 8;
const FROM_VARIANCE: bool = false;

struct Params {
  n: u32, // units of x
  c: u32,
  plane: u32, // units in a plane
  eps: f32,
  elements: f32, // of a channel: what sums over it are divided by
}

struct Stream {
  at: u32,
  pos: u32, // in its plane
  channel: u32,
}

fn stream(first: u32) -> Stream {
  return Stream(first, first % params.plane, first / params.plane % params.c);
}

fn next(s: ptr<function, Stream>) {
  (*s).at += WG;
  (*s).pos += WG % params.plane;
  (*s).channel += WG / params.plane % params.c;
  if ((*s).pos >= params.plane) {
    (*s).pos -= params.plane;
    (*s).channel++;
  }
  if ((*s).channel >= params.c) { (*s).channel -= params.c; }
}

// What mean[channel] leaves of the mean of the batch; a running mean is one number.
fn rest_of(channel: u32) -> f32 {
  if (FROM_VARIANCE) { return 0.0; }
  return mean[params.c + channel];
}

fn rstd_of(channel: u32) -> f32 {
  if (FROM_VARIANCE) { return 1.0 / sqrt(spread[channel] + params.eps); }
  return spread[channel];
}
