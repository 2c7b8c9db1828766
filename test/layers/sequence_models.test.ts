// Recurrent models, sequence to sequence and hybrids: what lengths, states and decoding mean, and what they refuse. Numbers against
// PyTorch: test/parity/training.

import { beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { transpose } from "../../src/kernels/permute.ts";
import * as models from "../../src/models/index.ts";
import { Adam } from "../../src/optim/adam.ts";
import { compile } from "../../src/tensor/compile.ts";
import { randn, tensor, zeros } from "../../src/tensor/create.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
  manualSeed(1);
});

const ids = (rows: number[][]): Tensor => tensor(rows, { dtype: "i32" });
const near = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i], 5);
};

describe("RecurrentClassifier", () => {
  test("does not see what stands behind the lengths", async () => {
    const model = new models.RecurrentClassifier({ inputs: 4, numClasses: 3, vocab: 9, bidirectional: true });
    const lengths = [3, 2];
    const a = model.forward(
      ids([
        [1, 2, 3, 0],
        [4, 5, 0, 0],
      ]),
      { lengths },
    );
    const b = model.forward(
      ids([
        [1, 2, 3, 8],
        [4, 5, 7, 6],
      ]),
      { lengths },
    );
    near(await a.data(), await b.data());
  });
});

describe("RecurrentLanguageModel", () => {
  test.each(["LSTM", "GRU", "RNN"] as const)("%s: carried states join stretches", async (cell) => {
    const model = new models.RecurrentLanguageModel({ vocab: 9, d: 4, hidden: 6, cell });
    const [whole] = model.forward(ids([[1, 2, 3, 4]]), model.initialStates(1));
    const step = compile((x: Tensor, ...states: Tensor[]) => model.forward(x, states));
    const [first, states] = step(ids([[1, 2]]), ...model.initialStates(1));
    const [second] = step(ids([[3, 4]]), ...states);
    near([...(await first.data()), ...(await second.data())], await whole.data());
    expect(step.programs.length).toBe(1);
  });
});

describe("Seq2Seq", () => {
  const SIZES = { sourceVocab: 9, targetVocab: 7, d: 4, hidden: 6 };

  test.each(["additive", "multiplicative"] as const)(
    "%s: looks at nothing behind the lengths",
    async (attention) => {
      const model = new models.Seq2Seq({ ...SIZES, attention });
      const source = ids([
        [1, 2, 3, 4],
        [5, 6, 0, 0],
      ]);
      const target = ids([
        [0, 1, 2],
        [0, 3, 4],
      ]);
      const { logits, weights } = model.forward(source, target, { lengths: [4, 2] });
      expect([logits.shape, weights.shape]).toEqual([
        [2, 3, 7],
        [2, 3, 4],
      ]);
      const w = await weights.data();
      for (let row = 0; row < 6; row++) {
        const of = [...w.slice(4 * row, 4 * row + 4)];
        expect(of.reduce((a, v) => a + v, 0)).toBeCloseTo(1, 5);
        if (row >= 3) expect(of.slice(2)).toEqual([0, 0]);
      }
      const other = ids([
        [1, 2, 3, 4],
        [5, 6, 8, 8],
      ]);
      near(await model.forward(other, target, { lengths: [4, 2] }).logits.data(), await logits.data());
      const alone = model.forward(ids([[5, 6]]), ids([[0, 3, 4]]));
      near(await alone.logits.data(), (await logits.data()).slice(21));
    },
  );

  test.each(["additive", "multiplicative"] as const)(
    "%s: unforced, it reads what it wrote",
    async (attention) => {
      const model = new models.Seq2Seq({ ...SIZES, attention, bidirectional: false });
      const source = ids([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      const options = { start: 0, end: -1, maxLength: 4 };
      const written = await model.translate(source, options);
      expect(written.map((t) => t.tokens.length)).toEqual([4, 4]);
      expect(written[0].weights.map((w) => w.length)).toEqual([3, 3, 3, 3]);
      const own = written.map((t) => [0, ...t.tokens.slice(0, 3)]);
      const forced = model.forward(source, ids(own));
      const free = model.forward(
        source,
        ids([
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ]),
        { teacherForcing: 0 },
      );
      near(await free.logits.data(), await forced.logits.data());
      near(
        await free.weights.data(),
        written.flatMap((t) => t.weights.flatMap((w) => [...w])),
      );
      const end = written[0].tokens[0];
      const [ended] = await model.translate(source, { ...options, end });
      expect(ended.tokens).toEqual([]);
    },
  );

  test("translating leaves no memory behind", async () => {
    const model = new models.Seq2Seq({ ...SIZES, layers: 2 }).eval();
    const source = ids([[1, 2, 3]]);
    const go = () => model.translate(source, { start: 0, end: -1, maxLength: 3, lengths: [2] });
    await go();
    await device.settle();
    const before = device.memory().liveBytes;
    await go();
    await device.settle();
    expect(device.memory().liveBytes).toBe(before);
  });

  test("learns to copy, compiled", async () => {
    manualSeed(4);
    const model = new models.Seq2Seq({ sourceVocab: 5, targetVocab: 5, d: 8, hidden: 16 });
    const optimizer = new Adam(model.parameters(), { lr: 0.02 });
    const source = ids([
      [1, 2, 3],
      [3, 1, 2],
      [2, 2, 1],
      [3, 3, 3],
    ]);
    const target = ids([
      [0, 1, 2],
      [0, 3, 1],
      [0, 2, 2],
      [0, 3, 3],
    ]);
    const step = compile((s: Tensor, t: Tensor) => {
      const loss = crossEntropy(transpose(model.forward(s, t).logits, 1, 2), s);
      optimizer.minimize(loss);
      return loss;
    });
    let last = 0;
    for (let i = 0; i < 40; i++) last = await step(source, target).item();
    expect(last).toBeLessThan(0.1);
    const found = await model.translate(source, { start: 0, end: 4, maxLength: 3 });
    expect(found.map((t) => t.tokens)).toEqual([
      [1, 2, 3],
      [3, 1, 2],
      [2, 2, 1],
      [3, 3, 3],
    ]);
  });

  test("refuses", () => {
    const model = new models.Seq2Seq(SIZES);
    const call = () => model.forward(ids([[1, 2]]), ids([[1], [2]]));
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(/source and target must be \[b, s\] and \[b, t\], source \[1,2\], target \[2,1\]/);
    expect(() => model.forward(ids([[1]]), ids([[1]]), { teacherForcing: 2 })).toThrow(
      /teacherForcing must be in/,
    );
  });
});

describe("hybrids", () => {
  test("take signals of any length, and pictures of their size", () => {
    const signals = models.cnnBigru({ inChannels: 3, numClasses: 4 });
    for (const t of [4, 7, 33]) expect(noGrad(() => signals.forward(randn([2, 3, t]))).shape).toEqual([2, 4]);
    expect(() => signals.forward(zeros([2, 3, 3]))).toThrow(
      /x must be \[b, 3, t\] with t at least 4, x \[2,3,3\]/,
    );
    expect(() => signals.forward(zeros([2, 2, 8]))).toThrow(ShapeError);
    const pictures = new models.CnnTransformer({ d: 16, heads: 2, layers: 1, imageSize: 8 });
    expect(() => pictures.forward(zeros([1, 3, 9, 8]))).toThrow(/x must be \[b, 3, 8, 8\], x \[1,3,9,8\]/);
    const count = new models.CnnTransformer().parameters().reduce((n, p) => n + p.size, 0);
    expect(count).toBe(615_498);
  });
});

const SIGNAL = { inChannels: 1, numClasses: 2 };

test.each([
  [
    () => new models.RecurrentClassifier({ inputs: 0, numClasses: 2 }),
    /inputs must be a positive integer, got 0/,
  ],
  [
    () => new models.RecurrentClassifier({ inputs: 2, numClasses: 2, cell: "lstm" as "LSTM" }),
    /cell must be one of RNN, LSTM, GRU, got lstm/,
  ],
  [
    () => new models.RecurrentClassifier({ inputs: 2, numClasses: 2, dropout: 2 }),
    /dropout must be in \[0, 1\]/,
  ],
  [() => new models.RecurrentLanguageModel({ vocab: -3 }), /vocab must be a positive integer, got -3/],
  [() => new models.Seq2Seq({ sourceVocab: 3, targetVocab: 0 }), /targetVocab must be a positive integer/],
  [
    () => new models.Seq2Seq({ sourceVocab: 3, targetVocab: 3, attention: "dot" as "additive" }),
    /attention must be additive or multiplicative, got dot/,
  ],
  [() => new models.CnnRnn({ ...SIGNAL, widths: [] }), /widths must have a number for each convolution/],
  [() => new models.CnnRnn({ ...SIGNAL, widths: [4, -1] }), /widths\[1\] must be a positive integer, got -1/],
  [() => new models.CnnRnn({ ...SIGNAL, kernelSize: 4 }), /kernelSize must be odd, got 4/],
  [() => new models.CnnTransformer({ d: 30, heads: 4 }), /d must be a multiple of heads, got 30 and 4/],
  [
    () => new models.CnnTransformer({ imageSize: 2, convolutions: 2 }),
    /2 convolutions leave nothing of imageSize 2/,
  ],
  [
    () => new models.CnnTransformer({ imageSize: 30 }),
    /imageSize must be a multiple of 2\^convolutions, got 30 and 4/,
  ],
])("a constructor refuses, %#", (make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(OptionError);
});
