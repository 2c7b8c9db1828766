// Ways to train that a captured step must serve: alternating steps of a GAN, gradient accumulation, train and evaluation in
// turn, rates and loss scales that change. Each against the same thing op by op, and with a fixed number of recordings.
import { beforeAll, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import {
  backward,
  compile,
  F,
  hostScalar,
  manualSeed,
  mul,
  nn,
  noGrad,
  optim,
  randn,
  scope,
  type Tensor,
  tensor,
} from "../../src/index.ts";

beforeAll(async () => {
  await requestDevice();
});

const BATCH = 6;
const wave = (t: number, width: number) =>
  Float32Array.from({ length: BATCH * width }, (_, i) => Math.sin(1 + i * 1.3 + t * 0.7));
const batch = (t: number, width: number) => tensor(wave(t, width), { shape: [BATCH, width] });

type Fn = (...args: Tensor[]) => Tensor;
/** The same losses op by op and captured, and how often each function ran in JavaScript when captured. */
async function both(run: (wrap: <T extends Fn>(name: string, fn: T) => Fn) => () => Promise<number[]>) {
  const calls: Record<string, number> = {};
  const once = async (captured: boolean) => {
    manualSeed(5);
    return run((name, fn) => {
      const counted: Fn = (...args) => {
        if (captured) calls[name] = (calls[name] ?? 0) + 1;
        return fn(...args);
      };
      return captured ? (compile(counted) as Fn) : (...args) => scope(() => counted(...args));
    })();
  };
  const [eager, captured] = [await once(false), await once(true)];
  expect(captured.length).toBe(eager.length);
  for (const [i, e] of eager.entries())
    expect(Math.abs(captured[i]! - e), `${i}: ${captured[i]}, ${e}`).toBeLessThanOrEqual(
      1e-5 * Math.max(1, Math.abs(e)),
    );
  return { eager, calls };
}

test("a GAN: two captured steps that share models and random numbers, in turn", async () => {
  const { eager, calls } = await both((wrap) => {
    const g = new nn.Sequential(
      new nn.Linear(3, 8),
      new nn.BatchNorm1d(8),
      new nn.ReLU(),
      new nn.Linear(8, 4),
    );
    const d = new nn.Sequential(
      new nn.Linear(4, 8),
      new nn.LeakyReLU(),
      new nn.Dropout(0.3),
      new nn.Linear(8, 1),
    );
    const [og, od] = [g, d].map((m) => new optim.Adam(m.parameters(), { lr: 0.01, betas: [0.5, 0.999] }));
    const stepD = wrap("d", (real) => {
      const fake = noGrad(() => g.forward(randn([BATCH, 3]))); // [b, 4]
      const loss = F.softplus(d.forward(fake))
        .mean()
        .add(F.softplus(mul(d.forward(real!), -1)).mean());
      od!.minimize(loss);
      return loss;
    });
    const stepG = wrap("g", () => {
      const loss = F.softplus(mul(d.forward(g.forward(randn([BATCH, 3]))), -1)).mean();
      og!.minimize(loss);
      return loss;
    });
    return async () => {
      const losses: number[] = [];
      for (let t = 0; t < 12; t++) {
        losses.push(await stepD(batch(t, 4)).item());
        if (t % 2 === 1) losses.push(await stepG().item());
      }
      return losses;
    };
  });
  expect(calls).toEqual({ d: 1, g: 1 });
  expect(new Set(eager).size).toBe(eager.length);
});

test("gradient accumulation: micro-batches add up, one step for three", async () => {
  const { calls } = await both((wrap) => {
    const model = new nn.Sequential(new nn.Linear(5, 8), new nn.Tanh(), new nn.Linear(8, 1));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const micro = wrap("micro", (x) => {
      const loss = model.forward(x!).square().mean().div(3);
      backward(loss);
      return loss;
    });
    const apply = wrap("apply", () => {
      optimizer.step();
      const norm = model.parameters()[0]!.grad!.square().sum();
      optimizer.zeroGrad();
      return norm;
    });
    return async () => {
      const seen: number[] = [];
      for (let t = 0; t < 12; t++) {
        seen.push(await micro(batch(t, 5)).item());
        if (t % 3 === 2) seen.push(await apply().item());
      }
      return seen;
    };
  });
  expect(calls).toEqual({ micro: 2, apply: 1 }); // without gradients, and with some
});

test("train and evaluation in turn: running statistics go on, dropout draws on", async () => {
  const { calls } = await both((wrap) => {
    const model = new nn.Sequential(
      new nn.Linear(5, 8),
      new nn.BatchNorm1d(8),
      new nn.Dropout(0.5),
      new nn.Linear(8, 2),
    );
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
    const train = wrap("train", (x) => {
      const loss = model.forward(x!).square().mean();
      optimizer.minimize(loss);
      return loss;
    });
    const judge = wrap("judge", (x) => noGrad(() => model.forward(x!).square().mean()));
    return async () => {
      const seen: number[] = [];
      for (let t = 0; t < 8; t++) {
        seen.push(await train(batch(t, 5)).item());
        model.eval();
        seen.push(await judge(batch(99, 5)).item());
        model.train();
        if (t === 4) seen.push(await judge(batch(98, 5)).item()); // in training mode: another recording
      }
      return seen;
    };
  });
  expect(calls).toEqual({ train: 1, judge: 2 });
});

test("rates, loss scale and a number given by hostScalar change without another recording", async () => {
  const { calls } = await both((wrap) => {
    const model = new nn.Linear(5, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const scaler = new optim.GradScaler({ initScale: 8, growthInterval: 2 });
    let weight = 1;
    const step = wrap("step", (x) => {
      const loss = mul(
        model.forward(x!).square().mean(),
        hostScalar(() => weight),
      );
      optimizer.minimize(loss, { scaler });
      return loss;
    });
    return async () => {
      const seen: number[] = [];
      for (let t = 0; t < 8; t++) {
        weight = 1 / (t + 1);
        optimizer.groups[0]!.lr = 0.1 / (t + 1);
        seen.push(await step(batch(t, 5)).item());
      }
      return [...seen, await scaler.getScale()];
    };
  });
  expect(calls).toEqual({ step: 1 });
});
