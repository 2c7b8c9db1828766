// `gan-2d`: the same small GAN learns a grid of 25 Gaussians with six losses, one after the other; each is judged by the modes
// that it covers and by the share of its samples that lie on one.

import {
  type Coverage,
  coverage,
  GRID,
  GRID_EDGE,
  gridModes,
  MODES,
  NEAR,
  sampleGrid,
  uniformBlob,
} from "../../data/sets/gaussian_grid.ts";
import { gradientPenalty } from "../../functional/gradient_penalty.ts";
import { add, mul, sub } from "../../kernels/binary.ts";
import { cast } from "../../kernels/cast.ts";
import { randint } from "../../kernels/draw.ts";
import { Module } from "../../layers/module.ts";
import { ToyDiscriminator, ToyGenerator } from "../../models/toy_gan.ts";
import { Adam } from "../../optim/adam.ts";
import { compile } from "../../tensor/compile.ts";
import { randn, tensor } from "../../tensor/create.ts";
import { noGrad } from "../../tensor/mode.ts";
import { Generator } from "../../tensor/philox.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LossMean } from "../finite.ts";
import { MeanMetric } from "../metrics/counting.ts";
import { scatterSection } from "../report/scatter.ts";
import { percent } from "../report/text.ts";
import { fallingRate, GAN_LOSSES, type GanLoss, r1Penalty } from "./parts/gan_losses.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { type Finish, RecipeRun } from "./runner/run.ts";
import type { Training } from "./runner/training.ts";

/** `steps` are those of a generator. */
const DEFAULTS = { steps: 1000, batch: 256, lr: 2e-3, seed: 0, hidden: 64, layers: 3, judged: 5000 };
const SMALL = { steps: 50, batch: 64, lr: 4e-3, hidden: 32, layers: 2, judged: 500 };
type Config = typeof DEFAULTS;

/** Numbers a point is made of. */
const NZ = 2;
/** Steps of the critic for one of the generator. WGAN-GP's critic has to be near its optimum, the others' must not be. */
const CRITIC_STEPS = { wganGp: 5 } as Record<string, number>;
const BETAS: [number, number] = [0.5, 0.9];
const GP_WEIGHT = 0.1;
const R1_WEIGHT = 0.1; // gamma / 2
/** Points of each picture. */
const POINTS_SHOWN = 2000;

export const gan2d: Recipe = { title: "25 Gaussians in the plane, six GAN losses side by side", run };

class PointGan extends Module {
  readonly generator: ToyGenerator;
  readonly critic: ToyDiscriminator;

  constructor({ hidden, layers }: Config) {
    super();
    this.generator = new ToyGenerator({ nz: NZ, hidden, layers });
    this.critic = new ToyDiscriminator({ hidden, layers });
  }

  forward(z: Tensor): Tensor {
    return this.generator.forward(z); // [b, 2]
  }
}

/** What a phase found: plain JSON. */
interface Found extends Coverage {
  readonly points: number[];
  readonly steps: number;
}

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run = await RecipeRun.open("gan-2d", options, DEFAULTS, SMALL);
  const found: [GanLoss, string, Found][] = [];
  for (const [name, loss] of Object.entries<GanLoss>(GAN_LOSSES)) {
    const result = await run.phase(loss.title, async (phase) => {
      const gan = new PointGan(run.config);
      const done = await train(run, phase, gan, name, loss);
      await run.saveWeights(name, gan);
      return { ...(await judge(gan, run.config)), steps: done.step };
    });
    if (run.aborted) return run.unfinished(new PointGan(run.config), result.steps);
    found.push([loss, name, result]);
  }
  const best = new PointGan(run.config);
  await run.loadWeights("wganGp", best);
  return run.finish(best, run.config.steps, result(found, run.config));
}

function train(run: RecipeRun<Config>, phase: Training, gan: PointGan, name: string, loss: GanLoss) {
  const { steps, batch, lr } = run.config;
  const optimizers = {
    generator: new Adam(gan.generator.parameters(), { lr, betas: BETAS }),
    critic: new Adam(gan.critic.parameters(), { lr, betas: BETAS }),
  };
  const means = { loss: new LossMean(run.device), generator: new MeanMetric(run.device) };
  const criticStep = compile(() => {
    const value = criticLoss(gan, loss, batch); // []
    optimizers.critic.minimize(value);
    means.loss.update(value, batch);
  });
  const generatorStep = compile(() => {
    gan.critic.requiresGrad_(false); // spares the gradients of its weights
    const value = loss.generator(gan.critic.forward(gan.forward(randn([batch, NZ])))); // []
    gan.critic.requiresGrad_(true);
    optimizers.generator.minimize(value);
    means.generator.update(value, batch);
  });
  return phase.train({
    parts: { model: gan, optimizers },
    steps,
    samples: batch,
    means,
    step: (i) => {
      for (const { groups } of Object.values(optimizers)) groups[0]!.lr = lr * fallingRate(i / steps);
      for (let k = 0; k < (CRITIC_STEPS[name] ?? 1); k++) criticStep();
      generatorStep();
    },
    watch: {
      every: Math.ceil(steps / 4),
      run: async () => {
        const { modes, nearShare } = await judge(gan, run.config);
        return { modes, nearShare };
      },
    },
  });
}

/** [] the critic's loss on fresh samples, with its penalty. */
function criticLoss({ generator, critic }: PointGan, loss: GanLoss, batch: number): Tensor {
  const [real, fake] = noGrad(() => [drawGrid(batch), generator.forward(randn([batch, NZ]))]); // [b, 2]
  real.requiresGrad = loss.penalty === "real";
  const scores = critic.forward(real); // [b]
  const value = loss.critic(scores, critic.forward(fake)); // []
  if (loss.penalty === "real") return add(value, mul(r1Penalty(scores, real), R1_WEIGHT));
  if (loss.penalty !== "between") return value;
  return add(
    value,
    mul(
      gradientPenalty((x) => critic.forward(x), real, fake),
      GP_WEIGHT,
    ),
  );
}

/** sampleGrid on the device: points [n, 2]. */
function drawGrid(n: number): Tensor {
  const at = cast(randint(0, GRID.side, [n, 2]), "f32");
  return add(sub(mul(at, GRID.spacing), GRID_EDGE), mul(randn([n, 2]), GRID.sigma));
}

/** Of the same inputs every time, so that what differs is the generator. */
async function judge(gan: PointGan, { seed, judged }: Config): Promise<Coverage & { points: number[] }> {
  const z = tensor(new Generator(seed).fork("judge").normal(judged * NZ), { shape: [judged, NZ] });
  const points = await noGrad(() => scope(() => gan.forward(z))).data();
  z.release("judge");
  return { ...coverage(points), points: rounded(points) };
}

function rounded(points: ArrayLike<number>): number[] {
  return Array.from(points)
    .slice(0, 2 * POINTS_SHOWN)
    .map((v) => Math.round(1000 * v) / 1000);
}

function result(found: readonly [GanLoss, string, Found][], config: Config): Finish {
  const random = new Generator(config.seed).fork("baseline");
  const [blob, real] = [uniformBlob(config.judged, random), sampleGrid(config.judged, random)];
  const trivial = coverage(blob);
  const rows = [
    ...found.map(([{ title }, , result]) => ({ title, ...result })),
    { title: "uniform blob", ...trivial, points: rounded(blob) },
    { title: "the grid itself", ...coverage(real), points: rounded(real) },
  ];
  const { modes, nearShare } = found.find(([, name]) => name === "wganGp")![2];
  const others = found.flatMap(([, name, f]) => [
    [`${name}Modes`, f.modes],
    [`${name}NearShare`, f.nearShare],
  ]);
  return {
    metrics: { modes, nearShare, ...Object.fromEntries(others) },
    baseline: { modes: trivial.modes, nearShare: trivial.nearShare },
    report: {
      title: "25 Gaussians, six GAN losses",
      summary: `WGAN-GP covers ${modes} of ${MODES} modes and puts ${percent(nearShare)} of its samples on them; a uniform blob covers ${trivial.modes} with ${percent(trivial.nearShare)}.`,
      tiles: [
        { label: `modes of ${MODES}, WGAN-GP`, value: String(modes), main: true },
        { label: "samples within 4 sigma of a mode", value: percent(nearShare) },
      ],
      comparison: rows.map(({ title, modes, nearShare }) => ({
        name: title,
        values: { modes, "within 4 sigma": percent(nearShare) },
      })),
      sections: [
        scatterSection({
          id: "points",
          title: "Samples",
          text: `The first ${Math.min(POINTS_SHOWN, config.judged)} of ${config.judged} samples of each generator. Circles: 4 sigma around the modes. A mode counts with a tenth of its fair share of the samples within its circle.`,
          clouds: rows.map(({ title, modes, nearShare, points }) => ({
            title,
            caption: `${modes} modes, ${percent(nearShare)} of the samples within 4 sigma`,
            points,
          })),
          edge: GRID_EDGE + GRID.spacing,
          marks: { points: gridModes(), radius: NEAR * GRID.sigma },
        }),
      ],
    },
  };
}
