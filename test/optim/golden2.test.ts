// NAdam, RAdam, RMSprop, Adagrad, Adadelta, Adamax against PyTorch float64, Lion and Muon against the papers in f64: values
// after 1, 2, 10 and 50 steps and the state, eager and compiled.
import { beforeAll, describe, expect, test } from "vitest";
import { OptionError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import {
  Adadelta,
  Adagrad,
  Adamax,
  Lion,
  Muon,
  type MuonOptions,
  NAdam,
  type Optimizer,
  RAdam,
  RMSprop,
} from "../../src/optim/index.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { flatten } from "../../src/tensor/flatten.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadOptimizers } from "../golden/load.ts";
import { expectClose } from "../kernels/golden_case.ts";

/** Rounding of 50 steps in f32 against float64. */
const BOUND = 4e-6;
/** Centered RMSprop takes v - a^2, whose digits cancel; Muon squares a matrix ten times. */
const BOUNDS: Readonly<Record<string, number>> = { rmsprop: 2e-5, muon: 5e-5 };

beforeAll(async () => {
  await requestDevice();
});

// biome-ignore lint/suspicious/noExplicitAny: options come from a file
type AnyOptimizer = Optimizer<any>;
const CLASSES: Readonly<Record<string, new (params: Tensor[], options: object) => AnyOptimizer>> = {
  nadam: NAdam,
  radam: RAdam,
  rmsprop: RMSprop,
  adagrad: Adagrad,
  adadelta: Adadelta,
  adamax: Adamax,
  lion: Lion,
  muon: Muon,
};
const STATES: Readonly<Record<string, string>> = {
  expAvg: "exp_avg",
  expAvgSq: "exp_avg_sq",
  expInf: "exp_inf",
  squareAvg: "square_avg",
  gradAvg: "grad_avg",
  accDelta: "acc_delta",
  momentumBuffer: "momentum_buffer",
  sum: "sum",
};

const golden = loadOptimizers("optim2.safetensors");
const shapes = golden.params.map((p) => p.shape);
const start = golden.params.map((p) => Float64Array.from(p.data as Float32Array));
const gradientAt = (i: number, t: number) => {
  const n = start[i].length;
  return (golden.grads[i].data as Float32Array).slice(t * n, (t + 1) * n);
};

interface Wanted {
  readonly steps: ReadonlyMap<number, readonly ArrayLike<number>[]>;
  readonly state: Readonly<Record<string, readonly ArrayLike<number>[]>>;
}

async function check(op: string, options: object, wanted: Wanted, compiled: boolean): Promise<void> {
  const params = start.map((p, i) => parameter(shapes[i], Float32Array.from(p)));
  const optimizer = new CLASSES[op](params, options);
  const run = (...grads: Tensor[]) => {
    params.forEach((p, i) => {
      p.grad = grads[i];
    });
    optimizer.step();
  };
  const step = compile(run);
  const bound = BOUNDS[op] ?? BOUND;
  for (let t = 0; t < 50; t++) {
    scope(() => {
      const grads = params.map((p, i) => tensor(gradientAt(i, t), { shape: p.shape }));
      (compiled ? step : run)(...grads);
    });
    for (const [i, want] of (wanted.steps.get(t + 1) ?? []).entries())
      expectClose(await params[i].data(), want, bound, `p${i} after ${t + 1}`);
  }
  const own = optimizer.stateTensors();
  for (const [name, list] of Object.entries(wanted.state))
    for (const [i, want] of list.entries())
      expectClose(await own.get(`${i}.${STATES[name]}`)!.data(), want, bound, `${name} of ${i}`);
  if (compiled) expect(step.programs.length, "one recording serves 50 steps").toBe(1);
  for (const r of flatten(params)) {
    const used = new Set(r.segments.flatMap((s) => Array.from({ length: s.size }, (_, k) => s.offset + k)));
    (await r.values.data()).forEach((v, k) => {
      if (!used.has(k)) expect(v, `padding at ${k}`).toBe(0);
    });
  }
}

/** Lion, algorithm 2, in f64. */
function lion({ lr = 1e-4, betas: [b1, b2] = [0.9, 0.99], weightDecay = 0 }): Wanted {
  const m = start.map((p) => new Float64Array(p.length));
  return walked(
    (p, g, i) => {
      const c = Math.sign(b1 * m[i.param][i.at] + (1 - b1) * g);
      m[i.param][i.at] = b2 * m[i.param][i.at] + (1 - b2) * g;
      return p * (1 - lr * weightDecay) - lr * c;
    },
    { expAvg: m },
  );
}

function walked(
  update: (p: number, g: number, i: { param: number; at: number; t: number }) => number,
  state: Wanted["state"],
): Wanted {
  const params = start.map((p) => p.slice());
  const steps = new Map<number, Float64Array[]>();
  for (let t = 0; t < 50; t++) {
    params.forEach((p, param) => {
      const g = gradientAt(param, t);
      p.forEach((v, at) => {
        p[at] = update(v, g[at], { param, at, t: t + 1 });
      });
    });
    if ([1, 2, 10, 50].includes(t + 1))
      steps.set(
        t + 1,
        params.map((p) => p.slice()),
      );
  }
  return { steps, state };
}

/** Muon for the matrix, AdamW for the others, in f64. */
function muon(given: Partial<MuonOptions>): Wanted {
  const { lr = 1e-3, weightDecay = 0.1, momentum = 0.95, nesterov = true, nsSteps = 5 } = given;
  const { betas: [b1, b2] = [0.9, 0.999], adamEps = 1e-8, adjustLr = "original", orthogonal = true } = given;
  const [a, b, c] = [3.4445, -4.775, 2.0315];
  const m = start.map((p) => new Float64Array(p.length));
  const v = start.map((p) => new Float64Array(p.length));
  const params = start.map((p) => p.slice());
  const steps = new Map<number, Float64Array[]>();
  for (let t = 1; t <= 50; t++) {
    params.forEach((p, k) => {
      const g = gradientAt(k, t - 1);
      if (shapes[k].length === 2 && orthogonal) {
        const [rows, cols] = shapes[k];
        let x: number[][] = Array.from({ length: rows }, () => []);
        let norm = 0;
        p.forEach((_, i) => {
          m[k][i] = momentum * m[k][i] + (1 - momentum) * g[i];
          const u = nesterov ? (1 - momentum) * g[i] + momentum * m[k][i] : m[k][i];
          x[Math.floor(i / cols)].push(u);
          norm += u * u;
        });
        x = x.map((r) => r.map((e) => e / (Math.sqrt(norm) + 1e-7)));
        for (let n = 0; n < nsSteps; n++) {
          const s = product(x, transposed(x));
          const ss = product(s, s);
          const poly = product(
            s.map((r, i) => r.map((e, j) => b * e + c * ss[i][j])),
            x,
          );
          x = x.map((r, i) => r.map((e, j) => a * e + poly[i][j]));
        }
        const factor =
          adjustLr === "original"
            ? Math.sqrt(Math.max(1, rows / cols))
            : 0.2 * Math.sqrt(Math.max(rows, cols));
        p.forEach((e, i) => {
          p[i] = e * (1 - lr * weightDecay) - lr * factor * x[Math.floor(i / cols)][i % cols];
        });
        return;
      }
      p.forEach((e, i) => {
        m[k][i] = b1 * m[k][i] + (1 - b1) * g[i];
        v[k][i] = b2 * v[k][i] + (1 - b2) * g[i] ** 2;
        const root = Math.sqrt(v[k][i] / (1 - b2 ** t)) + adamEps;
        p[i] = e * (1 - lr * weightDecay) - (lr * (m[k][i] / (1 - b1 ** t))) / root;
      });
    });
    if ([1, 2, 10, 50].includes(t))
      steps.set(
        t,
        params.map((p) => p.slice()),
      );
  }
  return { steps, state: { expAvg: m } };
}
const transposed = (x: number[][]) => x[0].map((_, j) => x.map((r) => r[j]));
const product = (x: number[][], y: number[][]) =>
  x.map((r) => y[0].map((_, j) => r.reduce((s, e, k) => s + e * y[k][j], 0)));

describe.each([
  ["eager", false],
  ["compiled", true],
] as const)("%s", (_, compiled) => {
  const adaptive = golden.optimizers.filter((c) => c.op in CLASSES);
  test.each(adaptive.map((c) => [c.name, c] as const))("%s", (_, c) => {
    const steps = new Map([...c.steps].map(([k, l]) => [k, l.map((t) => t.data as Float32Array)]));
    const state = Object.fromEntries(
      Object.entries(c.state).map(([k, l]) => [k, l.map((t) => t.data as Float32Array)]),
    );
    return check(c.op, c.options, { steps, state }, compiled);
  });
  test.each([{}, { lr: 0.01, betas: [0.8, 0.95] as [number, number], weightDecay: 0.2 }])(
    "lion %j",
    (options) => check("lion", options, lion(options), compiled),
  );
  test.each([
    {},
    { lr: 0.02, nesterov: false, momentum: 0.8, weightDecay: 0 },
    { lr: 0.02, adjustLr: "match_rms_adamw" as const },
    { lr: 0.01, orthogonal: false },
  ])("muon %j", (options) => check("muon", options, muon(options), compiled));
});

describe("options", () => {
  const p = () => [parameter([2, 2], new Float32Array(4))];
  test.each([
    [
      "NAdam",
      () => new NAdam(p(), { momentumDecay: -1 }),
      /NAdam: momentumDecay must be non-negative, got -1/,
    ],
    ["RAdam", () => new RAdam(p(), { betas: [0.9, 1] }), /RAdam: betas\[1\] must be in \[0, 1\), got 1/],
    ["RMSprop", () => new RMSprop(p(), { alpha: 1 }), /RMSprop: alpha must be in \[0, 1\)/],
    ["Adagrad", () => new Adagrad(p(), { lrDecay: -1 }), /Adagrad: lrDecay must be non-negative/],
    ["Adadelta", () => new Adadelta(p(), { rho: 2 }), /Adadelta: rho must be in \[0, 1\)/],
    ["Adamax", () => new Adamax(p(), { eps: -1 }), /Adamax: eps must be non-negative/],
    ["Lion", () => new Lion(p(), { lr: Number.NaN }), /Lion: lr must be non-negative, got NaN/],
    ["Muon", () => new Muon(p(), { nsSteps: 0 }), /Muon: nsSteps must be a positive integer, got 0/],
  ])("%s names what is wrong", (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(OptionError);
  });

  test("NaN gradients stay NaN, zero gradients and eps = 0 do not become NaN", async () => {
    for (const make of [NAdam, RAdam, RMSprop, Adagrad, Adadelta, Adamax, Lion]) {
      const params = [parameter([3], Float32Array.from([1, 1, 1]))];
      const optimizer = new make(params, make === Lion ? {} : { eps: 0 });
      params[0].grad = tensor([Number.NaN, 0, 1]);
      optimizer.step();
      const [a, b, c] = await params[0].data();
      expect([a, b, Number.isFinite(c) && c !== 1], make.name).toEqual([Number.NaN, 1, make !== Adadelta]);
    }
  });

  test("one dispatch for many parameters; a tall matrix of Muon", async () => {
    const many = Array.from({ length: 20 }, (_, i) =>
      parameter([1 + ((i * 37) % 90)], new Float32Array(1 + ((i * 37) % 90)).fill(1)),
    );
    for (const make of [NAdam, RAdam, RMSprop, Adagrad, Adadelta, Adamax, Lion, Muon]) {
      const optimizer = new make(many, {});
      for (const q of many) q.grad = tensor(new Float32Array(q.size).fill(0.5), { shape: q.shape });
      const step = compile(() => optimizer.step());
      step();
      step();
      expect(step.programs[0].dispatches.filter((d) => d.label !== "copy").length, make.name).toBe(1);
    }
    const tall = parameter(
      [40, 3],
      Float32Array.from({ length: 120 }, (_, i) => Math.sin(i * i)),
    );
    const before = await tall.data();
    const optimizer = new Muon([tall], { lr: 1, weightDecay: 0, nsSteps: 5 });
    tall.grad = tensor(
      Float32Array.from({ length: 120 }, (_, i) => Math.cos(i * i)),
      { shape: [40, 3] },
    );
    optimizer.step();
    const after = await tall.data();
    const o = Array.from(before, (v, i) => (v - after[i]) / Math.sqrt(40 / 3));
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        let s = 0;
        for (let r = 0; r < 40; r++) s += o[3 * r + i] * o[3 * r + j];
        expect(Math.abs(s - (i === j ? 1 : 0)), `${i},${j}`).toBeLessThan(0.5);
      }
  });
});
