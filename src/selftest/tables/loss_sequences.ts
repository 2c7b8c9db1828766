import { type CtcOptions, ctc } from "../../functional/ctc_loss.ts";
import { ssim } from "../../functional/ssim.ts";
import { DTypeError, OptionError } from "../../gpu/errors.ts";
import type { Draw } from "../draw.ts";
import { at, build, fold, nd, total } from "../nd.ts";
import { integers, type OpRecord, type Sample, sample } from "../record.ts";
import { loss, lse, reduce, refuses } from "./loss_rows.ts";
import { z } from "./samples.ts";

/** -log of the sum over all paths, by the recursion over states. */
function ctcOf(
  logp: (t: number, c: number) => number,
  labels: readonly number[],
  steps: number,
  blank: number,
): number {
  const states = [blank, ...labels.flatMap((l) => [l, blank])];
  let now = states.map((c, s) => (s < 2 ? logp(0, c) : Number.NEGATIVE_INFINITY));
  for (let t = 1; t < steps; t++) {
    now = states.map((c, s) => {
      const from = [
        now[s],
        ...(s > 0 ? [now[s - 1]] : []),
        ...(s > 1 && c !== blank && c !== states[s - 2] ? [now[s - 2]] : []),
      ];
      const top = Math.max(...from);
      return top === Number.NEGATIVE_INFINITY ? top : lse(from) + logp(t, c);
    });
  }
  return -lse(now.slice(-2));
}

interface Ctc extends CtcOptions {
  readonly steps: readonly number[];
  readonly widths: readonly number[];
}
function ctcSample(draw: Draw, [t, n, c]: readonly number[], o: Ctc): Sample<Ctc> {
  const width = Math.max(...o.widths);
  const others = Array.from({ length: c }, (_, k) => k).filter((k) => k !== (o.blank ?? 0));
  const targets = integers(
    [n, width],
    draw.integers([n, width], 0, c - 1).data.map((k) => others[k]),
  );
  const shape = n === 1 && o.reduction === "sum" ? [t, c] : [t, n, c];
  return sample(o, draw.normal(shape), shape.length === 2 ? { ...targets, shape: [width] } : targets);
}
export const ctcRecord: OpRecord<Ctc> = {
  name: "ctc",
  samples: (draw) => [
    ctcSample(draw, [6, 2, 4], { steps: [6, 5], widths: [2, 3] }),
    ctcSample(draw, [5, 3, 3], { steps: [5, 4, 1], widths: [1, 0, 1], reduction: "none" }),
    ctcSample(draw, [4, 1, 3], { steps: [4], widths: [2], reduction: "sum" }),
    ctcSample(draw, [7, 2, 5], { steps: [7, 7], widths: [3, 2], blank: 4, reduction: "sum" }),
    ctcSample(draw, [1, 2, 3], { steps: [1, 1], widths: [1, 1] }),
    ctcSample(draw, [12, 2, 6], { steps: [12, 9], widths: [4, 3] }),
  ],
  run: ([x, targets], { steps, widths, ...o }) => ctc(x, targets, steps, widths, o),
  reference: ([x, targets], { steps, widths, blank = 0, reduction = "mean" }) => {
    const n = steps.length;
    const [c, width] = [x.shape.at(-1)!, targets.shape.at(-1)!];
    const losses = nd(
      [n],
      steps.map((length, i) => {
        const labels = [...targets.data.slice(i * width, i * width + widths[i])];
        const all = ctcOf((t, k) => x.data[(t * n + i) * c + k], labels, length, blank);
        return reduction === "mean" ? all / Math.max(widths[i], 1) : all;
      }),
    );
    return reduce(losses, reduction);
  },
  differentiable: true,
  compare: "largest",
  errors: [
    refuses(
      "targets",
      () => ctc(z([3, 2, 4]), z([3, 1], "i32"), [3, 3], [1, 1]),
      /^ctc: needs x \[steps,batch,classes\] and labels/,
    ),
    refuses(
      "dtype",
      () => ctc(z([3, 1, 4]), z([1, 1]), [3], [1]),
      /^ctc: needs f32 or f16 log-probabilities, i32 labels/,
      DTypeError,
    ),
    refuses(
      "blank",
      () => ctc(z([3, 1, 4]), z([1, 1], "i32"), [3], [1], { blank: 4 }),
      /^ctc: blank must be a class of 4, got 4$/,
      OptionError,
    ),
    refuses(
      "length",
      () => ctc(z([3, 1, 4]), z([1, 1], "i32"), [4], [1]),
      /^ctc: input lengths must be in 0..3, got 4$/,
      OptionError,
    ),
    refuses(
      "lengths",
      () => ctc(z([3, 1, 4]), z([1, 1], "i32"), [3, 3], [1]),
      /^ctc: lengths must be \[1\], got \[2\]$/,
    ),
    refuses(
      "row",
      () => ctc(z([3, 2, 4]), z([3], "i32"), [3, 3], [1, 1]),
      /^ctc: targets must be \[2\] by their lengths, got \[3\]$/,
    ),
  ],
};

interface Window {
  readonly windowSize: number;
  readonly sigma?: number;
  readonly dataRange?: number;
}
export const ssimRecord = {
  ...loss(
    "ssim",
    ([x, y], o: Window) => ssim(x, y, o),
    ([x, y], { windowSize: k, sigma = 1.5, dataRange = 1 }) => {
      const raw = Array.from({ length: k }, (_, i) => Math.exp(-((i - (k - 1) / 2) ** 2) / (2 * sigma ** 2)));
      const w = raw.map((v) => v / total(raw));
      const [n, c, h, wide] = x.shape;
      const [c1, c2] = [(0.01 * dataRange) ** 2, (0.03 * dataRange) ** 2];
      const map = build([n, c, h - k + 1, wide - k + 1], ([i, j, u, v]) => {
        const s = [0, 0, 0, 0, 0];
        for (let a = 0; a < k; a++)
          for (let b = 0; b < k; b++) {
            const [p, q] = [at(x, [i, j, u + a, v + b]), at(y, [i, j, u + a, v + b])];
            [p, q, p * p, q * q, p * q].forEach((t, m) => {
              s[m] += w[a] * w[b] * t;
            });
          }
        const [mx, my, xx, yy, xy] = s;
        return (
          ((2 * mx * my + c1) * (2 * (xy - mx * my) + c2)) /
          (mx * mx + my * my + c1) /
          (xx - mx * mx + yy - my * my + c2)
        );
      });
      return fold(map, [1, 2, 3], false, (row) => total(row) / row.length);
    },
    (draw) => [
      [{ windowSize: 3 }, draw.uniform([1, 1, 4, 5], 0, 1), draw.uniform([1, 1, 4, 5], 0, 1)],
      [{ windowSize: 5, sigma: 0.8 }, draw.uniform([2, 2, 6, 5], 0, 1), draw.uniform([2, 2, 6, 5], 0, 1)],
      [{ windowSize: 3, dataRange: 2 }, draw.uniform([2, 1, 3, 3], 0, 1), draw.uniform([2, 1, 3, 3], 0, 1)],
    ],
    [
      refuses(
        "window",
        () => ssim(z([1, 1, 9, 9]), z([1, 1, 9, 9]), { windowSize: 4 }),
        /^ssim: needs an odd windowSize/,
        OptionError,
      ),
      refuses(
        "size",
        () => ssim(z([1, 1, 9, 9]), z([1, 1, 9, 9])),
        /^ssim: needs \[n,c,h,w\] of 11 pixels or more, got \[1,1,9,9\]$/,
      ),
    ],
  ),
  tolerance: {
    forward: 10,
    gradient: 3,
    doubleGradient: 3,
    why: "variances are differences of averages near each other, beside constants of 1e-4",
  },
};
