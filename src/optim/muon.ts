// Muon (Jordan 2024; torch.optim.Muon): the momentum of a matrix, made orthogonal, for 2-D parameters. All others: AdamW.

import { HostScalar } from "../gpu/dispatch.ts";
import { OptionError } from "../gpu/errors.ts";
import { activeTrace } from "../gpu/trace.ts";
import { add, div, mul } from "../kernels/binary.ts";
import { batchedMatmul } from "../kernels/matmul.ts";
import { adamStep } from "../kernels/optimizer.ts";
import { muonApply, muonMomentum } from "../kernels/optimizer_steps.ts";
import { sum } from "../kernels/reduce.ts";
import { sqrt, square } from "../kernels/unary.ts";
import { type Run, subRun, view } from "../tensor/flatten.ts";
import { scope } from "../tensor/scope.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { adamGate, adamScalars } from "./adam.ts";
import { checkNumber, Optimizer, type ParamGroup, type ParamsInput, type Stretch } from "./optimizer.ts";

export interface MuonOptions {
  /** Default 1e-3. */
  lr: number;
  /** Taken off the weights, times lr. Default 0.1. */
  weightDecay: number;
  /** Default 0.95. */
  momentum: number;
  /** Default true. */
  nesterov: boolean;
  /** Steps of the Newton-Schulz iteration. Default 5. */
  nsSteps: number;
  /** Its coefficients (a, b, c). Default (3.4445, -4.775, 2.0315), Jordan's quintic. */
  nsCoefficients: readonly [number, number, number];
  /** Added to the norm that the iteration begins with. Default 1e-7. */
  eps: number;
  /**
   * The rate of a matrix [r, c]: "original" lr sqrt(max(1, r / c)), "match_rms_adamw" 0.2 lr sqrt(max(r, c)) (Liu et al. 2025),
   * with which rates of AdamW can be kept. Default "original".
   */
  adjustLr: "original" | "match_rms_adamw";
  /** False gives the whole group to AdamW: embeddings and the last layer, as Jordan advises. Default true. */
  orthogonal: boolean;
  /** AdamW's, for what is no matrix. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** AdamW's. Default 1e-8. */
  adamEps: number;
}

const DEFAULTS: MuonOptions = {
  lr: 1e-3,
  weightDecay: 0.1,
  momentum: 0.95,
  nesterov: true,
  nsSteps: 5,
  nsCoefficients: [3.4445, -4.775, 2.0315],
  eps: 1e-7,
  adjustLr: "original",
  orthogonal: true,
  betas: [0.9, 0.999],
  adamEps: 1e-8,
};

/**
 * Muon, Jordan et al. 2024: m = momentum m + (1 - momentum) g; p -= lr (O + weightDecay p), O the nearest orthogonal matrix to m
 * (with Nesterov to g + momentum (m - g)), found by nsSteps of X = a X + (b A + c A^2) X, A = X X^T. Parameters that are not 2-D
 * (biases, norms, convolutions) take AdamW's step of the same rate and decay. State: `exp_avg` (for a matrix its momentum)
 * and `exp_avg_sq`. A matrix takes several dispatches, all others share one a stretch.
 *
 * @throws OptionError for values out of range
 */
export class Muon extends Optimizer<MuonOptions> {
  constructor(params: ParamsInput<MuonOptions>, options: Partial<MuonOptions> = {}) {
    super(params, { ...DEFAULTS, ...options }, () => ["exp_avg", "exp_avg_sq"]);
  }

  protected override validate(g: ParamGroup<MuonOptions>): void {
    checkNumber("Muon", "lr", g.lr, "non-negative");
    checkNumber("Muon", "weightDecay", g.weightDecay, "non-negative");
    checkNumber("Muon", "momentum", g.momentum, "below one");
    checkNumber("Muon", "eps", g.eps, "non-negative");
    checkNumber("Muon", "adamEps", g.adamEps, "non-negative");
    checkNumber("Muon", "betas[0]", g.betas[0], "below one");
    checkNumber("Muon", "betas[1]", g.betas[1], "below one");
    if (!Number.isInteger(g.nsSteps) || g.nsSteps < 1)
      throw new OptionError(`Muon: nsSteps must be a positive integer, got ${g.nsSteps}`);
    if (g.adjustLr !== "original" && g.adjustLr !== "match_rms_adamw")
      throw new OptionError(`Muon: adjustLr must be "original" or "match_rms_adamw", got ${g.adjustLr}`);
  }

  protected override update(stretch: Stretch<MuonOptions>): void {
    const { run, moments, group } = stretch;
    activeTrace()?.guard(() => JSON.stringify({ ...group, params: 0, lr: 0, weightDecay: 0 }), group);
    const isMatrix = (p: Tensor) => group.orthogonal && p.rank === 2 && p.size > 0;
    const { segments } = run;
    const decided = stretch.control(
      "adam",
      adamGate(() => group),
    );
    for (let from = 0; from < segments.length; ) {
      const { param, offset, size } = segments[from];
      let to = from + 1;
      if (isMatrix(param)) this.matrix(param, view(moments.exp_avg, offset, size), stretch, decided);
      else {
        while (to < segments.length && !isMatrix(segments[to].param)) to++;
        this.others(subRun(run, from, to), offset, stretch, decided);
      }
      from = to;
    }
  }

  private matrix(p: Tensor, m: Tensor, { group }: Stretch<MuonOptions>, control: Tensor | null): void {
    const [rows, cols] = p.shape as [number, number];
    const factor =
      group.adjustLr === "original"
        ? Math.sqrt(Math.max(1, rows / cols))
        : 0.2 * Math.sqrt(Math.max(rows, cols));
    scope(() => {
      const u = empty(p.shape, "f32", p.device); // [rows, cols]
      const g = p.grad!;
      muonMomentum({ g, m, u, control }, { a: 1 - group.momentum, b: group.momentum }, group.nesterov);
      const decay = new HostScalar(() => 1 - group.lr * group.weightDecay);
      muonApply(p, orthogonal(u, group), control, { a: decay, b: new HostScalar(() => group.lr * factor) });
    }, "muon");
  }

  private others(
    run: Run,
    offset: number,
    { moments, group, step }: Stretch<MuonOptions>,
    control: Tensor | null,
  ): void {
    const [m, v] = [moments.exp_avg, moments.exp_avg_sq].map((t) => view(t, offset, run.length));
    const options = () => ({ ...group, eps: group.adamEps });
    adamStep(
      { p: run.values, g: run.grads, m, v, v_max: null, control },
      adamScalars(options, step, true),
      true,
    );
  }
}

/** U V^T of u = U S V^T, nearly: singular values end within about [0.7, 1.2]. [rows, cols] -> the same. */
function orthogonal(u: Tensor, { nsSteps, nsCoefficients: [a, b, c], eps }: MuonOptions): Tensor {
  const [rows, cols] = u.shape;
  // The smaller product: X^T X for a tall matrix, and the polynomial from the right.
  const tall = rows > cols;
  let x = div(u, add(sqrt(sum(square(u))), eps));
  for (let i = 0; i < nsSteps; i++) {
    const s = batchedMatmul(x, x, { transA: tall, transB: !tall }); // [k, k], k = min(rows, cols)
    const poly = add(mul(s, b), mul(batchedMatmul(s, s), c));
    const turned = tall ? batchedMatmul(x, poly) : batchedMatmul(poly, x);
    x = add(mul(x, a), turned);
  }
  return x;
}
