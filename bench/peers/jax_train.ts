// jax-js's training steps: loss, gradients and Adam (Kingma & Ba 2015) in one jit; that is faster there than optax outside it.
import { type Array as Arr, jit, lax, nn, numpy as np, valueAndGrad, vjp } from "@jax-js/jax";
import { attention, jobOf, upload } from "./jax.ts";
import type { Job } from "./job.ts";
import { inputsOf, type Operand, paramsOf, type WorkName } from "./operands.ts";

type Params = { [key: string]: Arr };

/** Adam's step count t and moments, in the order of the parameters. */
type Moments = { t: Arr; m: Params; v: Params };

const [LR, BETA1, BETA2, EPS] = [1e-3, 0.9, 0.999, 1e-8];

function keep(p: Params): Params {
  return Object.fromEntries(Object.entries(p).map(([k, x]) => [k, x.ref]));
}

function freshMoments(params: Params): Moments {
  const zeros = (): Params =>
    Object.fromEntries(
      Object.entries(params).map(([k, p]) => [k, np.array(new Float32Array(p.size)).reshape(p.shape)]),
    );
  return { t: np.array(new Float32Array([0])).reshape([]), m: zeros(), v: zeros() };
}

/** New parameters and moments; takes over all arguments. */
function adam(params: Params, grads: Params, { t, m, v }: Moments): [Params, Moments] {
  const next = t.add(1);
  const correct = (beta: number) => np.subtract(1, np.exp(next.ref.mul(Math.log(beta)))); // 1 - beta^t
  const [c1, c2] = [correct(BETA1), correct(BETA2)];
  const result: [Params, Moments] = [{}, { t: next, m: {}, v: {} }];
  for (const [key, p] of Object.entries(params)) {
    const g = grads[key]!;
    const m1 = m[key]!.mul(BETA1).add(g.ref.mul(1 - BETA1));
    const v1 = v[key]!.mul(BETA2).add(np.square(g).mul(1 - BETA2));
    const size = np.sqrt(np.trueDivide(v1.ref, c2.ref)).add(EPS);
    result[0][key] = p.sub(np.trueDivide(np.trueDivide(m1.ref, c1.ref), size).mul(LR));
    result[1].m[key] = m1;
    result[1].v[key] = v1;
  }
  c1.dispose();
  c2.dispose();
  return result;
}

type Loss = (params: Params, x: Arr, labels: Arr) => Arr;

/** Labels go in as one-hot rows: jax-js has no faster form of the loss. */
function classifier(work: WorkName, classes: number, loss: Loss): Job {
  const { labels, ...rest } = inputsOf(work);
  const [x, y] = [upload(Object.values(rest)[0]!), upload(oneHot(labels!, classes))];
  let params = uploadAll(paramsOf(work));
  let moments = freshMoments(params);
  const step = jit((params: Params, moments: Moments, x: Arr, y: Arr): [Params, Moments, Arr] => {
    const [value, grads] = valueAndGrad(loss)(keep(params), x, y);
    return [...adam(params, grads as Params, moments), value];
  });
  return jobOf(() => {
    const [p, s, value] = step(params, moments, x.ref, y.ref);
    [params, moments] = [p, s];
    return [value];
  });
}

function uploadAll(operands: Readonly<Record<string, Operand>>): Params {
  return Object.fromEntries(Object.entries(operands).map(([k, x]) => [k, upload(x)]));
}

/** [n] -> [n, classes] */
export function oneHot({ data }: Operand, classes: number): Operand {
  const rows = new Float32Array(data.length * classes);
  data.forEach((label, i) => {
    rows[i * classes + label] = 1;
  });
  return { data: rows, shape: [data.length, classes] };
}

const meanCrossEntropy = (logits: Arr, y: Arr): Arr => {
  const n = logits.shape[0]!;
  return nn
    .logSoftmax(logits, -1)
    .mul(y)
    .sum()
    .mul(-1 / n);
};

const linear = (x: Arr, weight: Arr, bias: Arr): Arr => np.matmul(x, np.transpose(weight)).add(bias);

export function trainMlp(): Job {
  return classifier("train_mlp", 10, (p, x, y) => {
    const h = nn.relu(linear(x, p["1.weight"]!, p["1.bias"]!));
    return meanCrossEntropy(linear(h, p["3.weight"]!, p["3.bias"]!), y);
  });
}

const conv = (x: Arr, weight: Arr, bias: Arr, stride: number, pad: number): Arr =>
  lax
    .convGeneralDilated(
      x,
      weight,
      [stride, stride],
      [
        [pad, pad],
        [pad, pad],
      ],
    )
    .add(bias.reshape([1, bias.shape[0]!, 1, 1]));

export function trainLenet(): Job {
  return classifier("train_lenet", 10, (p, x, y) => {
    const block = (x: Arr, name: string) => {
      const z = nn.relu(conv(x, p[`${name}.weight`]!, p[`${name}.bias`]!, 1, 2));
      return lax.reduceWindow(z, (w) => np.max(w), [2, 2], [2, 2]);
    };
    const h = block(block(x, "features.0"), "features.3");
    const flat = h.reshape([h.shape[0]!, 784]);
    return meanCrossEntropy(linear(flat, p["head.1.weight"]!, p["head.1.bias"]!), y);
  });
}

const norm = (x: Arr, p: Params, name: string): Arr =>
  nn.standardize(x, -1).mul(p[`${name}.weight`]!).add(p[`${name}.bias`]!);

const HEADS = 4;

function attend(x: Arr, p: Params, name: string): Arr {
  const [b, t, d] = x.shape as [number, number, number];
  const qkv = linear(x, p[`${name}.in_proj_weight`]!, p[`${name}.in_proj_bias`]!); // [b, t, 3 d]
  const part = (k: number) => qkv.ref.slice([], [], [k * d, (k + 1) * d]).reshape([b, t, HEADS, d / HEADS]);
  const y = attention(part(0), part(1), part(2)).reshape([b, t, d]);
  qkv.dispose();
  return linear(y, p[`${name}.out_proj.weight`]!, p[`${name}.out_proj.bias`]!);
}

/** The table is looked up by a product with one-hot rows: the gradient of take() is not there under jit. */
export function trainGpt(): Job {
  const ids = inputsOf("train_gpt").ids!;
  const [b, t] = ids.shape as [number, number];
  return classifier("train_gpt", 65, (p, ids, y) => {
    let x = np.matmul(nn.oneHot(ids, 65), p["wte.weight"]!).add(p["wpe.weight"]!); // [b, t, d]
    for (let i = 0; i < 2; i++) {
      const name = `blocks.${i}`;
      x = x.ref.add(attend(norm(x, p, `${name}.ln1`), p, `${name}.attn`));
      const up = linear(norm(x.ref, p, `${name}.ln2`), p[`${name}.up.weight`]!, p[`${name}.up.bias`]!);
      x = x.add(
        linear(nn.gelu(up, { approximate: false }), p[`${name}.down.weight`]!, p[`${name}.down.bias`]!),
      );
    }
    const logits = np.matmul(norm(x, p, "ln"), np.transpose(p["head.weight"]!));
    return meanCrossEntropy(logits.reshape([b * t, 65]), y);
  });
}

function generate(g: Params, z: Arr): Arr {
  const n = z.shape[0]!;
  const up = (x: Arr, name: string) =>
    lax
      .convTranspose(
        x,
        g[`${name}.weight`]!,
        [2, 2],
        [
          [1, 1],
          [1, 1],
        ],
        { transposeKernel: true },
      )
      .add(g[`${name}.bias`]!.reshape([1, -1, 1, 1]));
  const h = nn.relu(linear(z, g["g.0.weight"]!, g["g.0.bias"]!)).reshape([n, 32, 7, 7]);
  return np.tanh(up(nn.relu(up(h, "g.3")), "g.5"));
}

function judge(d: Params, x: Arr): Arr {
  const n = x.shape[0]!;
  const a = nn.leakyRelu(conv(x, d["d.0.weight"]!, d["d.0.bias"]!, 2, 1), 0.2);
  const b = nn.leakyRelu(conv(a, d["d.2.weight"]!, d["d.2.bias"]!, 2, 1), 0.2);
  return linear(b.reshape([n, 1568]), d["d.5.weight"]!, d["d.5.bias"]!);
}

const isReal = (logits: Arr): Arr => nn.softplus(logits.neg()).mean();
const isFake = (logits: Arr): Arr => nn.softplus(logits).mean();

/** One forward pass of the generator serves both halves: its gradient is pulled back through the new D. */
export function trainDcgan(): Job {
  const all = paramsOf("train_dcgan");
  const of = (prefix: string) =>
    uploadAll(Object.fromEntries(Object.entries(all).filter(([k]) => k.startsWith(prefix))));
  let state = { g: of("g."), d: of("d.") };
  let moments = { g: freshMoments(state.g), d: freshMoments(state.d) };
  const { real, z } = uploadAll(inputsOf("train_dcgan")) as { real: Arr; z: Arr };
  type Both<T> = { g: T; d: T };
  const step = jit(
    (p: Both<Params>, s: Both<Moments>, real: Arr, z: Arr): [Both<Params>, Both<Moments>, Arr, Arr] => {
      const [fake, pull] = vjp((g: Params) => generate(g, z), [keep(p.g)]);
      const lossOfD = (d: Params, real: Arr, fake: Arr) =>
        isReal(judge(keep(d), real)).add(isFake(judge(d, fake)));
      const [lossD, gradD] = valueAndGrad(lossOfD)(keep(p.d), real, fake.ref);
      const [d, sd] = adam(p.d, gradD as Params, s.d);
      const [lossG, dfake] = valueAndGrad((fake: Arr, d: Params) => isReal(judge(d, fake)))(fake, keep(d));
      const [gradG] = pull(dfake as Arr) as [Params];
      const [g, sg] = adam(p.g, gradG, s.g);
      return [{ g, d }, { g: sg, d: sd }, lossD, lossG];
    },
  );
  return jobOf(() => {
    const [p, s, lossD, lossG] = step(state, moments, real.ref, z.ref);
    [state, moments] = [p, s];
    return [lossD, lossG];
  });
}
