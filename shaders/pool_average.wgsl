// Library of the average pooling shaders: what the sum over the window of output o is divided by.

const INCLUDE_PAD: bool = true;

fn divisor(o: vec2i) -> f32 {
  if (params.divisor != 0.0) { return params.divisor; }
  var first = window_begin(o);
  var end = min(window_end(o), size() + pad()); // with ceilMode a window may reach beyond the padding
  if (!INCLUDE_PAD) {
    first = max(first, vec2i(0));
    end = min(end, size());
  }
  let covered = end - first;
  return f32(covered[0] * covered[1]);
}
