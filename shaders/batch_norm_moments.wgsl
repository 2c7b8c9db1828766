// Library: count, mean and m2 = sum of (x - mean)^2 of a set, and their merging by Chan, Golub & LeVeque (1979): no
// difference of large sums, so a mean far above the spread costs no digits of the variance.

struct Moments {
  count: f32,
  mean: f32,
  m2: f32,
}

fn merge(a: Moments, b: Moments) -> Moments {
  if (b.count == 0.0) { return a; }
  let count = a.count + b.count;
  let delta = b.mean - a.mean;
  let part = b.count / count;
  return Moments(count, a.mean + delta * part, a.m2 + b.m2 + delta * delta * a.count * part);
}
