// Adversarial networks: what gans.py recorded, ten alternating steps included; the penalty's second gradients among them.

import { beforeAll, describe, expect, test } from "vitest";
import { gradientPenalty } from "../../../src/functional/gradient_penalty.ts";
import { bceWithLogits } from "../../../src/functional/loss.ts";
import { OptionError } from "../../../src/gpu/errors.ts";
import { requestDevice } from "../../../src/hosts/node.ts";
import { add, mul, sub } from "../../../src/kernels/binary.ts";
import { mean } from "../../../src/kernels/reduce.ts";
import { abs, neg } from "../../../src/kernels/unary.ts";
import type { Module } from "../../../src/layers/module.ts";
import * as models from "../../../src/models/index.ts";
import { onesLike, randn, zeros, zerosLike } from "../../../src/tensor/create.ts";
import { noGrad } from "../../../src/tensor/mode.ts";
import { manualSeed } from "../../../src/tensor/random.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { checkCurve, checkNumbers, type Draw, type Inputs, readCases, type Spec } from "./training.ts";

beforeAll(async () => {
  await requestDevice();
});

type Nets = { readonly d: Module; readonly g: Module };
type AnySpec = Spec<Readonly<Record<string, Module>>>;

/** z and, of conditional nets, classes -> samples; samples -> logits. */
interface Adversaries<N extends Nets> {
  readonly nets: () => N;
  readonly inputs: (x: Draw) => Inputs;
  readonly fake: (nets: N, x: Inputs) => Tensor;
  readonly scores: (nets: N, samples: Tensor, x: Inputs) => Tensor;
}

function outputsOf<N extends Nets>({ fake, scores }: Adversaries<N>) {
  return (nets: N, x: Inputs) => ({ fake: fake(nets, x), scores: scores(nets, x.real, x) });
}

const real = (scores: Tensor): Tensor => bceWithLogits(scores, onesLike(scores));
const unreal = (scores: Tensor): Tensor => bceWithLogits(scores, zerosLike(scores));

/** Losses of DCGAN. */
function saturating<N extends Nets>(a: Adversaries<N>): AnySpec {
  return {
    ...a,
    outputs: outputsOf(a),
    losses: {
      d: (nets: N, x: Inputs) => {
        const fake = noGrad(() => a.fake(nets, x));
        return add(real(a.scores(nets, x.real, x)), unreal(a.scores(nets, fake, x)));
      },
      g: (nets: N, x: Inputs) => real(a.scores(nets, a.fake(nets, x), x)),
    },
  } as unknown as AnySpec;
}

/** Losses of WGAN-GP. */
function wasserstein<N extends Nets>(a: Adversaries<N>): AnySpec {
  return {
    ...a,
    outputs: outputsOf(a),
    losses: {
      d: (nets: N, x: Inputs) => {
        const fake = noGrad(() => a.fake(nets, x));
        const critic = (samples: Tensor) => a.scores(nets, samples, x);
        const gap = sub(mean(critic(fake)), mean(critic(x.real)));
        const mix = mul(abs(x.mix), 0.5);
        return add(gap, mul(gradientPenalty(critic, x.real, fake, { mix }), 10));
      },
      g: (nets: N, x: Inputs) => neg(mean(a.scores(nets, a.fake(nets, x), x))),
    },
  } as unknown as AnySpec;
}

const pictures = (x: Draw, b: number, nz: number, c: number, size: number): Inputs => ({
  z: x.real("z", b, nz),
  real: x.real("real", b, c, size, size),
});
const SMALL = { inChannels: 1, imageSize: 28 };

const dcgan = (
  g: models.DcganGeneratorOptions,
  d: models.DcganDiscriminatorOptions,
  inputs: (x: Draw) => Inputs,
): Adversaries<{ g: models.DcganGenerator; d: models.DcganDiscriminator }> => ({
  nets: () => ({ d: models.dcganD(d), g: models.dcganG(g) }),
  inputs,
  fake: ({ g }, { z }) => g.forward(z),
  scores: ({ d }, samples) => d.logits(samples),
});

const critic = (norm: "layer" | "none"): Adversaries<{ g: models.DcganGenerator; d: models.WganCritic }> => ({
  nets: () => ({
    d: new models.WganCritic({ ndf: 4, ...SMALL, norm }),
    g: models.dcganG({ nz: 8, ngf: 4, ...SMALL }),
  }),
  inputs: (x) => ({ ...pictures(x, 6, 8, 1, 28), mix: x.real("mix", 6) }),
  fake: ({ g }, { z }) => g.forward(z),
  scores: ({ d }, samples) => d.forward(samples),
});

const conditional: Adversaries<{ g: models.ConditionalGenerator; d: models.ProjectionDiscriminator }> = {
  nets: () => ({
    d: new models.ProjectionDiscriminator({ numClasses: 5, ndf: 4, ...SMALL }),
    g: new models.ConditionalGenerator({ numClasses: 5, classDim: 4, nz: 8, ngf: 4, ...SMALL }),
  }),
  inputs: (x) => ({ ...pictures(x, 8, 8, 1, 28), label: x.ids("label", 5, 8) }),
  fake: ({ g }, { z, label }) => g.forward(z, label),
  scores: ({ d }, samples, { label }) => d.forward(samples, label),
};

const toy: Adversaries<{ g: models.ToyGenerator; d: models.ToyDiscriminator }> = {
  nets: () => ({
    d: new models.ToyDiscriminator({ hidden: 16 }),
    g: new models.ToyGenerator({ nz: 3, hidden: 16 }),
  }),
  inputs: (x) => ({ z: x.real("z", 32, 3), real: x.real("real", 32, 2) }),
  fake: ({ g }, { z }) => g.forward(z),
  scores: ({ d }, samples) => d.forward(samples),
};

const outputsAlone = (a: AnySpec): AnySpec => ({ ...a, losses: {} });

const SPECS: Readonly<Record<string, AnySpec>> = {
  dcgan: outputsAlone(saturating(dcgan({}, {}, (x) => pictures(x, 1, 100, 3, 64)))),
  dcgan_32: outputsAlone(
    saturating(
      dcgan({ nz: 16, ngf: 8, inChannels: 2, imageSize: 32 }, { ndf: 8, inChannels: 2, imageSize: 32 }, (x) =>
        pictures(x, 2, 16, 2, 32),
      ),
    ),
  ),
  dcgan_28: saturating(
    dcgan({ nz: 8, ngf: 4, ...SMALL }, { ndf: 4, ...SMALL }, (x) => pictures(x, 8, 8, 1, 28)),
  ),
  conditional: saturating(conditional),
  wgan_layer: wasserstein(critic("layer")),
  wgan_none: wasserstein(critic("none")),
  toy: saturating(toy),
  toy_penalty: wasserstein({ ...toy, inputs: (x) => ({ ...toy.inputs(x), mix: x.real("mix", 32) }) }),
};

describe.each(readCases("gans.safetensors").map((c) => [c.name, c] as const))("%s", (name, golden) => {
  test("names, outputs, losses, gradients, statistics", () => checkNumbers(golden, SPECS[name]));
  const optimizers = golden.part("sgd") ? (["sgd", "adamw"] as const) : [];
  for (const which of optimizers) test(`the steps of ${which}`, () => checkCurve(golden, SPECS[name], which));
});

describe("DCGAN", () => {
  test("has PyTorch's counts and initial values", async () => {
    manualSeed(1);
    const [g, d] = [models.dcganG(), models.dcganD()];
    const count = (m: Module) => m.parameters().reduce((n, p) => n + p.size, 0);
    expect([count(g), count(d)]).toEqual([3_576_704, 2_765_568]);
    for (const [name, p] of [...g.namedParameters(), ...d.namedParameters()]) {
      const values = (await p.data()) as Float32Array;
      const mid = values.reduce((a, v) => a + v, 0) / p.size;
      const std = Math.sqrt(values.reduce((a, v) => a + (v - mid) ** 2, 0) / p.size);
      const norm = p.rank === 1; // of 64 channels and more
      if (name.endsWith("bias")) expect([mid, std], name).toEqual([0, 0]);
      else {
        expect(Math.abs(mid - (norm ? 1 : 0)), name).toBeLessThan(norm ? 0.01 : 0.001);
        expect(Math.abs(std / 0.02 - 1), name).toBeLessThan(norm ? 0.35 : 0.05);
      }
    }
  });

  test("tells probabilities: the sigmoid of the logits", async () => {
    const d = models.dcganD({ ndf: 4, ...SMALL }).eval();
    const x = randn([3, 1, 28, 28]);
    const [p, logits] = await Promise.all([d.forward(x).data(), d.logits(x).data()]);
    expect(p).toHaveLength(3);
    p.forEach((v, i) => {
      expect(v).toBeCloseTo(1 / (1 + Math.exp(-logits[i])), 6);
    });
  });

  test.each([
    [{ imageSize: 48 }, /DcganGenerator: imageSize must be 4 or 7 times a power of two, .* got 48/],
    [{ imageSize: 4 }, /imageSize must be 4 or 7 times a power of two/],
    [{ nz: 0 }, /DcganGenerator: nz must be a positive integer, got 0/],
    [{ ngf: 2.5 }, /ngf must be a positive integer, got 2.5/],
  ])("refuses %o", (options, message) => {
    expect(() => models.dcganG(options)).toThrow(message);
    expect(() => models.dcganG(options)).toThrow(OptionError);
  });

  test("refuses pictures of another size", () => {
    const x = zeros([2, 1, 32, 32]);
    const message = /x must be \[b, 1, 28, 28\], x \[2,1,32,32\]/;
    expect(() => models.dcganD({ ndf: 4, ...SMALL }).forward(x)).toThrow(message);
    expect(() => new models.WganCritic({ ndf: 4, ...SMALL }).forward(x)).toThrow(message);
    expect(() =>
      new models.ProjectionDiscriminator({ ndf: 4, ...SMALL }).forward(x, zeros([2], { dtype: "i32" })),
    ).toThrow(message);
  });
});

test.each([
  [
    () => new models.WganCritic({ norm: "batch" as "layer" }),
    /WganCritic: norm must be layer or none, got batch/,
  ],
  [() => new models.WganCritic({ ndf: -1 }), /ndf must be a positive integer, got -1/],
  [
    () => new models.ProjectionDiscriminator({ norm: "group" as "layer" }),
    /norm must be one of batch, layer, none/,
  ],
  [() => new models.ProjectionDiscriminator({ numClasses: 0 }), /numClasses must be a positive integer/],
  [() => new models.ConditionalGenerator({ classDim: 0 }), /classDim must be a positive integer/],
  [() => new models.ConditionalGenerator({ imageSize: 30 }), /imageSize must be 4 or 7 times/],
  [() => new models.ToyGenerator({ nz: 0 }), /ToyGenerator: nz must be a positive integer/],
  [() => new models.ToyDiscriminator({ layers: 0 }), /ToyDiscriminator: layers must be/],
])("a constructor refuses, %#", (make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(OptionError);
});
