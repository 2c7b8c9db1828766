// Line search for the strong Wolfe conditions (Nocedal & Wright 2006, algorithms 3.5 and 3.6), in the steps of torch.optim.LBFGS:
//   f(t) <= f(0) + c1 t slope(0)   and   |slope(t)| <= c2 |slope(0)|
// first brackets such a t, then narrows the bracket by cubic interpolation. Plain numbers: what a probe costs is the caller's.

/** The function at x + t d: its value, its gradient (only handed through) and the slope gradient . d. */
export interface Probe<G> {
  readonly t: number;
  readonly f: number;
  readonly g: G;
  readonly slope: number;
}

export interface Found<G> {
  readonly best: Probe<G>;
  /** All probes but the best, the start included. */
  readonly others: readonly Probe<G>[];
  readonly evaluations: number;
}

const C1 = 1e-4; // Nocedal & Wright's, for quasi-Newton methods
const C2 = 0.9;
const MAX_PROBES = 25;

/**
 * @param at evaluates at t
 * @param start at t = 0, with a negative slope
 * @param first the t to begin with
 * @param size largest component of d: the bracket is small enough when it times this is below `tolerance`
 */
export async function strongWolfe<G>(
  at: (t: number) => Promise<Probe<G>>,
  start: Probe<G>,
  first: number,
  size: number,
  tolerance: number,
): Promise<Found<G>> {
  const all = [start];
  const probe = async (t: number) => {
    const p = await at(t);
    all.push(p);
    return p;
  };
  const best = await search(probe, start, first, size, tolerance);
  return { best, others: all.filter((p) => p !== best), evaluations: all.length - 1 };
}

async function search<G>(
  probe: (t: number) => Promise<Probe<G>>,
  start: Probe<G>,
  first: number,
  size: number,
  tolerance: number,
): Promise<Probe<G>> {
  const tooHigh = (p: Probe<G>) => p.f > start.f + C1 * p.t * start.slope;
  const flat = (p: Probe<G>) => Math.abs(p.slope) <= -C2 * start.slope;
  let previous = start;
  let here = await probe(first);
  let count = 0;
  let bracket: [Probe<G>, Probe<G>] | null = null;
  for (; count < MAX_PROBES && !bracket; count++) {
    const rises = tooHigh(here) || (count > 1 && here.f >= previous.f);
    if (!rises && flat(here)) return here;
    if (rises || here.slope >= 0) {
      bracket = [previous, here];
      break;
    }
    const [least, most] = [here.t + 0.01 * (here.t - previous.t), here.t * 10];
    const t = cubicMinimum(previous, here, least, most);
    previous = here;
    here = await probe(t);
  }
  bracket ??= [start, here];
  let [low, high] = bracket[0].f <= bracket[1].f ? bracket : [bracket[1], bracket[0]];
  let stuck = false;
  for (; count < MAX_PROBES; count++) {
    if (Math.abs(high.t - low.t) * size < tolerance) break;
    const [least, most] = [Math.min(low.t, high.t), Math.max(low.t, high.t)];
    let t = cubicMinimum(low, high, least, most);
    // Close to an end: once let pass, then moved a tenth of the bracket away from it.
    const margin = 0.1 * (most - least);
    const close = Math.min(most - t, t - least) < margin;
    const moves: boolean = close && (stuck || t >= most || t <= least);
    if (moves) t = Math.abs(t - most) < Math.abs(t - least) ? most - margin : least + margin;
    stuck = close && !moves;
    const p = await probe(t);
    if (tooHigh(p) || p.f >= low.f) {
      high = p;
      if (high.f < low.f) [low, high] = [high, low];
      continue;
    }
    if (flat(p)) return p;
    if (p.slope * (high.t - low.t) >= 0) high = low;
    low = p;
  }
  return low;
}

/** Where the cubic through two values and slopes is least, within bounds; their middle where it has no minimum. */
function cubicMinimum<G>(a: Probe<G>, b: Probe<G>, least: number, most: number): number {
  const [p, q] = a.t <= b.t ? [a, b] : [b, a];
  const d1 = p.slope + q.slope - (3 * (p.f - q.f)) / (p.t - q.t);
  const square = d1 * d1 - p.slope * q.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const d2 = Math.sqrt(square);
  const t = q.t - (q.t - p.t) * ((q.slope + d2 - d1) / (q.slope - p.slope + 2 * d2));
  return Number.isNaN(t) ? (least + most) / 2 : Math.min(Math.max(t, least), most);
}
