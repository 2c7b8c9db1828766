// TensorFlow.js's training steps: variables, tf.train.adam, its own losses.
import * as tf from "@tensorflow/tfjs";
import type { Job } from "./job.ts";
import { permuted } from "./layouts.ts";
import { inputsOf, type Operand, paramsOf, type WorkName } from "./operands.ts";
import { causalAttention, gelu, jobOf, kernelOrder, upload } from "./tfjs.ts";

type Params = Readonly<Record<string, tf.Variable>>;

const adam = () => tf.train.adam(1e-3, 0.9, 0.999, 1e-8);

/** Where pictures turn into rows, weights are turned once, so that nothing is in the step: [shape seen as pictures, order]. */
const ROWS: Readonly<Record<string, readonly [readonly number[], readonly number[]]>> = {
  "head.1.weight": [
    [10, 16, 7, 7],
    [0, 2, 3, 1],
  ],
  "d.5.weight": [
    [1, 32, 7, 7],
    [0, 2, 3, 1],
  ],
  "g.0.weight": [
    [32, 7, 7, 64],
    [1, 2, 0, 3],
  ],
  "g.0.bias": [
    [32, 7, 7],
    [1, 2, 0],
  ],
};

function turned(key: string, x: Operand): tf.Tensor {
  const rows = ROWS[key];
  return rows ? tf.tensor(permuted(x.data, ...rows), x.shape) : upload(x, kernelOrder(key, x.shape));
}

function variables(operands: Readonly<Record<string, Operand>>): Params {
  return Object.fromEntries(Object.entries(operands).map(([key, x]) => [key, tf.variable(turned(key, x))]));
}

/** `logits` of a batch [n, classes]; what it makes before the first step it may keep in its closure. */
function classifier(work: WorkName, classes: number, logits: (p: Params, x: tf.Tensor) => tf.Tensor): Job {
  const { labels, ...rest } = inputsOf(work);
  const picture = Object.values(rest)[0]!;
  const x = upload(picture, kernelOrder("x", picture.shape));
  const y = tf.oneHot(tf.tensor1d(labels!.data, "int32"), classes).toFloat();
  const params = variables(paramsOf(work));
  const optimizer = adam();
  const loss = () => tf.losses.softmaxCrossEntropy(y, logits(params, x)) as tf.Scalar;
  return jobOf(() => [optimizer.minimize(loss, true, Object.values(params))!]);
}

/** weight [out, in] as PyTorch has it. */
function linear(x: tf.Tensor, p: Params, name: string, activation?: "relu"): tf.Tensor {
  const [a, b] = [x as tf.Tensor2D, p[`${name}.weight`] as unknown as tf.Tensor2D];
  return tf.fused.matMul({ a, b, transposeB: true, bias: p[`${name}.bias`], activation });
}

export function trainMlp(): Job {
  return classifier("train_mlp", 10, (p, x) => linear(linear(x, p, "1", "relu"), p, "3"));
}

function conv(x: tf.Tensor, p: Params, name: string, strides: number, activation?: "relu"): tf.Tensor {
  const filter = p[`${name}.weight`] as unknown as tf.Tensor4D;
  return tf.fused.conv2d({
    x: x as tf.Tensor4D,
    filter,
    strides,
    pad: "same",
    bias: p[`${name}.bias`],
    activation,
  });
}

export function trainLenet(): Job {
  return classifier("train_lenet", 10, (p, x) => {
    const block = (x: tf.Tensor, name: string) =>
      tf.maxPool(conv(x, p, name, 1, "relu") as tf.Tensor4D, 2, 2, "valid");
    const h = block(block(x, "features.0"), "features.3"); // [n, 7, 7, 16]
    const flat = h.reshape([h.shape[0]!, 784]);
    return linear(flat, p, "head.1");
  });
}

function norm(x: tf.Tensor, p: Params, name: string): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const y = x.sub(mean).mul(tf.rsqrt(variance.add(1e-5)));
  return y.mul(p[`${name}.weight`]!).add(p[`${name}.bias`]!);
}

const HEADS = 4;

export function trainGpt(): Job {
  const attention = causalAttention(64);
  const [b, t, d] = [8, 64, 64];
  /** x [b t, d] */
  const attend = (x: tf.Tensor, p: Params, name: string) => {
    const weight = p[`${name}.in_proj_weight`] as unknown as tf.Tensor2D;
    const qkv = tf.fused.matMul({
      a: x as tf.Tensor2D,
      b: weight,
      transposeB: true,
      bias: p[`${name}.in_proj_bias`],
    });
    const [q, k, v] = tf
      .split(qkv, 3, 1)
      .map((y) => tf.transpose(y.reshape([b, t, HEADS, d / HEADS]), [0, 2, 1, 3]));
    const y = tf.transpose(attention(q!, k!, v!), [0, 2, 1, 3]).reshape([b * t, d]);
    return linear(y, p, `${name}.out_proj`);
  };
  return classifier("train_gpt", 65, (p, ids) => {
    let x: tf.Tensor = tf
      .gather(p["wte.weight"]!, ids as tf.Tensor1D)
      .add(p["wpe.weight"]!)
      .reshape([b * t, d]);
    for (let i = 0; i < 2; i++) {
      const name = `blocks.${i}`;
      x = x.add(attend(norm(x, p, `${name}.ln1`), p, `${name}.attn`));
      x = x.add(linear(gelu(linear(norm(x, p, `${name}.ln2`), p, `${name}.up`)), p, `${name}.down`));
    }
    return tf.matMul(
      norm(x, p, "ln") as tf.Tensor2D,
      p["head.weight"] as unknown as tf.Tensor2D,
      false,
      true,
    );
  });
}

function generate(p: Params, z: tf.Tensor): tf.Tensor {
  const up = (x: tf.Tensor, name: string, shape: [number, number, number, number]) =>
    tf
      .conv2dTranspose(x as tf.Tensor4D, p[`${name}.weight`] as unknown as tf.Tensor4D, shape, 2, "same")
      .add(p[`${name}.bias`]!);
  const n = z.shape[0]!;
  const h = linear(z, p, "g.0", "relu").reshape([n, 7, 7, 32]);
  return tf.tanh(up(tf.relu(up(h, "g.3", [n, 14, 14, 16])), "g.5", [n, 28, 28, 1]));
}

function judge(p: Params, x: tf.Tensor): tf.Tensor {
  const a = tf.leakyRelu(conv(x, p, "d.0", 2), 0.2);
  const b = tf.leakyRelu(conv(a, p, "d.2", 2), 0.2);
  return linear(b.reshape([x.shape[0]!, 1568]), p, "d.5");
}

/** Two updates; the generator runs in both, since a tape belongs to one. */
export function trainDcgan(): Job {
  const { real, z } = inputsOf("train_dcgan");
  const [x, noise] = [upload(real!, kernelOrder("x", real!.shape)), upload(z!)];
  const params = variables(paramsOf("train_dcgan"));
  const of = (prefix: string) =>
    Object.keys(params)
      .filter((k) => k.startsWith(prefix))
      .map((k) => params[k]!);
  const [adamD, adamG] = [adam(), adam()];
  const isReal = (logits: tf.Tensor) => tf.mean(tf.softplus(logits.neg()));
  const isFake = (logits: tf.Tensor) => tf.mean(tf.softplus(logits));
  return jobOf(() => {
    const fake = tf.tidy(() => generate(params, noise));
    const lossD = () => isReal(judge(params, x)).add(isFake(judge(params, fake))) as tf.Scalar;
    const d = adamD.minimize(lossD, true, of("d."))!;
    fake.dispose();
    const g = adamG.minimize(
      () => isReal(judge(params, generate(params, noise))) as tf.Scalar,
      true,
      of("g."),
    )!;
    return [d, g];
  });
}
