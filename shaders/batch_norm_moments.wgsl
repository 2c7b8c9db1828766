// Library: count, mean and m2 = sum of (x - mean)^2 of a set, and their merging by Chan, Golub & LeVeque (1979): no
// difference of large sums, so a mean far above the spread costs no digits of the variance. Nor of x - mean: the mean is kept
// as shift + rest, a value near those of the set and what is left.

struct Moments {
  count: f32,
  shift: f32,
  rest: f32,
  m2: f32,
}

fn merge(a: Moments, b: Moments) -> Moments {
  if (b.count == 0.0) { return a; }
  let count = a.count + b.count;
  let delta = (b.shift - a.shift) + (b.rest - a.rest);
  let part = b.count / count;
  return Moments(count, a.shift, a.rest + delta * part, a.m2 + b.m2 + delta * delta * a.count * part);
}
