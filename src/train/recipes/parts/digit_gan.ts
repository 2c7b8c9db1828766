// A GAN of digits and its training: non-saturating loss, one step of each side in turn, the generator's weights averaged. Which
// networks: gan_digits.ts, cgan_digits.ts. How it is judged: digit_gan_run.ts.

import type { DataLoader } from "../../../data/loader.ts";
import { add } from "../../../kernels/binary.ts";
import { lerp } from "../../../kernels/blend.ts";
import { randint } from "../../../kernels/draw.ts";
import { pad } from "../../../kernels/pad.ts";
import { remainder } from "../../../kernels/power.ts";
import { Module } from "../../../layers/module.ts";
import { Adam } from "../../../optim/adam.ts";
import { ExponentialMovingAverage } from "../../../optim/ema.ts";
import { compile, type HostArray } from "../../../tensor/compile.ts";
import { randn } from "../../../tensor/create.ts";
import { noGrad } from "../../../tensor/mode.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { LossMean } from "../../finite.ts";
import { MeanMetric } from "../../metrics/counting.ts";
import type { RecipeRun } from "../runner/run.ts";
import type { TrainDone, Training, TrainOptions } from "../runner/training.ts";
import { DIGIT_SIZE, DIGITS, PIXELS } from "./digit_judge.ts";
import { fallingRate, GAN_LOSSES } from "./gan_losses.ts";

/** The settings of both recipes. */
export interface DigitGanConfig extends Record<string, number> {
  steps: number;
  batch: number;
  /** Of the generator; the critic's is that times criticLr: a critic that learns fast drives the generator round in circles. */
  lr: number;
  criticLr: number;
  seed: number;
  /** Channels next to the picture. */
  width: number;
  criticWidth: number;
  /** Numbers a picture is made of. */
  nz: number;
  /** Of the average of the generator's weights. */
  decay: number;
  /** Pictures in the final judgement. */
  judged: number;
  /** Digits that the judge learns from. */
  judgeDigits: number;
}

/** Little momentum, as DCGAN has it: the other side is a moving target. */
const BETAS: [number, number] = [0.5, 0.99];
/** Share of misnamed digits among the fakes: with 0.5 all are as asked, but much alike; with none some are not as asked. */
const MISNAMED = 0.15;
/** Pictures drawn at a time. */
const BATCH = 250;

/** Both sides, and the averages of one, which are part of its state. */
export abstract class DigitGan extends Module {
  abstract readonly generator: Module;
  abstract readonly critic: Module;
  readonly averages = new Averages();

  constructor(
    /** Pixels a side of what it draws and sees; digits stand in the middle. */
    readonly size: number,
    readonly nz: number,
  ) {
    super();
  }

  /** Both sides are told which digit. */
  abstract readonly asked: boolean;

  /** z [b, nz], digits y i32 [b] -> pictures [b, 1, size, size] of (-1, 1). */
  abstract override forward(z: Tensor, y: Tensor): Tensor;

  /** Pictures and digits -> scores [b]. */
  abstract score(x: Tensor, y: Tensor): Tensor;

  readonly #draw = compile((z: Tensor, y: Tensor) =>
    noGrad(() => this.bordered(this.forward(z, y), DIGIT_SIZE)),
  );

  /** x with a border of paper around it, or without. */
  bordered(x: Tensor, size: number): Tensor {
    const border = (size - x.shape[2]!) / 2;
    return border === 0 ? x : pad(x, [border, border, border, border], -1); // [b, 1, size, size]
  }

  /** Pictures [n, 1, 28, 28] for noise z [n, nz] and digits [n], in evaluation mode, with the weights as they are. */
  async draw(z: Float32Array, digits: Int32Array): Promise<Float32Array> {
    const out = new Float32Array(digits.length * PIXELS);
    const before = this.training;
    this.eval();
    for (let at = 0; at < digits.length; at += BATCH) {
      const y = digits.subarray(at, at + BATCH);
      const data = z.subarray(at * this.nz, (at + y.length) * this.nz);
      const x = this.#draw({ data, shape: [y.length, this.nz] }, { data: y, shape: [y.length] });
      out.set((await x.data()) as Float32Array, at * PIXELS);
      x.release("draw");
    }
    this.train(before);
    return out;
  }
}

/** The averages of weights and running statistics, as buffers: a checkpoint holds what is in a module. */
class Averages extends Module {
  hold(average: ExponentialMovingAverage): void {
    for (const [name, t] of average.stateTensors()) this.registerBuffer(name.replace(".", "_"), t);
  }

  forward(): void {}
}

export interface DigitGanTraining {
  readonly run: RecipeRun<DigitGanConfig>;
  readonly phase: Training;
  readonly gan: DigitGan;
  /** Batches of real digits, x f32 [b, 1, 28, 28] in [-1, 1]. */
  readonly loader: DataLoader<"x" | "y">;
  /** Looks at the generator now and then, with the averaged weights in place. */
  readonly watch: TrainOptions["watch"];
}

/** Trains; from then on the generator has the averaged weights. */
export async function trainDigitGan(options: DigitGanTraining): Promise<TrainDone> {
  const { run, phase, gan, loader, watch } = options;
  const { steps, batch, lr, criticLr, decay } = run.config;
  const optimizers = {
    generator: new Adam(gan.generator.parameters(), { lr, betas: BETAS }),
    critic: new Adam(gan.critic.parameters(), { lr: lr * criticLr, betas: BETAS }),
  };
  const buffers = gan.generator.modules().flatMap((m) => m.ownBuffers().map(([, t]) => t));
  const average = new ExponentialMovingAverage(gan.generator.parameters(), { decay, buffers });
  gan.averages.hold(average);
  const means = { loss: new LossMean(run.device), generator: new MeanMetric(run.device) };
  const { critic, generator } = GAN_LOSSES.nonSaturating;
  const step = compile((x: Tensor, y: Tensor) => {
    const fake = gan.forward(randn([batch, gan.nz]), y); // [b, 1, size, size]
    const real = gan.bordered(x, gan.size); // [b, 1, size, size]
    const onReal = gan.score(real, y); // [b]
    const onFake = gan.score(fake.alias(), y); // [b]
    const told = critic(onReal, onFake); // []
    const loss = gan.asked ? lerp(told, critic(onReal, gan.score(real, others(y))), MISNAMED) : told; // []
    optimizers.critic.minimize(loss);
    gan.critic.requiresGrad_(false); // spares the gradients of its weights
    const generatorLoss = generator(gan.score(fake, y)); // []
    gan.critic.requiresGrad_(true);
    optimizers.generator.minimize(generatorLoss);
    average.update();
    means.loss.update(loss, batch);
    means.generator.update(generatorLoss, batch);
  });
  const done = await phase.train({
    parts: { model: gan, optimizers },
    steps,
    samples: batch,
    means,
    step: (i) => {
      optimizers.generator.groups[0]!.lr = lr * fallingRate(i / steps);
      optimizers.critic.groups[0]!.lr = lr * criticLr * fallingRate(i / steps);
      const { x, y } = loader.at(Math.floor(i / loader.length), i % loader.length);
      step(x as HostArray, y as HostArray);
    },
    watch: watch && { ...watch, run: (at) => average.with(() => watch.run(at)) },
  });
  average.swap();
  return done;
}

/** Another digit for each. To a critic that is told the digit, a real one under a wrong name is a fake (Reed et al. 2016, GAN-CLS). */
function others(y: Tensor): Tensor {
  return remainder(add(y, randint(1, DIGITS, y.shape)), DIGITS); // [b] i32
}

/** 0, 1, ... 9, 0, 1, ...: as many of each digit. */
export function digitsInTurn(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i % DIGITS);
}
