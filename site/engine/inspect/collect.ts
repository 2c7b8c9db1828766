// Runs one training step in the retained variant and reads everything that it kept.

import type { Device } from "../../../src/gpu/device.ts";
import type { Bindable } from "../../../src/gpu/dispatch.ts";
import type { Program } from "../../../src/gpu/program.ts";
import type { Module } from "../../../src/layers/module.ts";
import type { AnyOptimizer } from "../../../src/optim/optimizer.ts";
import type { Compiled } from "../../../src/tensor/compile.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import type { OptimizerName } from "../protocol.ts";
import type {
  Kept,
  Numbers,
  OptimizerNumbers,
  ParameterStep,
  Place,
  RetainedStep,
  Values,
} from "./retained_step.ts";

export interface StepSource extends Pick<RetainedStep, "step" | "layers" | "x" | "y" | "pictures" | "roofs"> {
  readonly device: Device;
  /** One Sequential of the list, so that paths are places in it: `0.weight`. */
  readonly model: Module;
  readonly optimizer: AnyOptimizer;
  readonly optimizerName: OptimizerName;
  /** Compiled with `retain: /./`, for arguments of one signature. */
  readonly variant: Pick<Compiled<never, unknown>, "retained" | "programs">;
  /** Calls the variant with x and y; the mean loss. The scope around it is the caller's. */
  run(): Tensor;
}

export async function collectStep(source: StepSource): Promise<RetainedStep> {
  const { device, model, optimizer, variant } = source;
  const parameters = model.namedParameters();
  const before = await readAll(parameters.map(([, p]) => p));
  const momentsBefore = await readMap(optimizer.stateTensors());
  const numbers = numbersOf(source); // in front of the step: a schedule may move the rate on behind it
  const timed = device.features.has("timestamp-query");
  const { result: loss, rows } = timed
    ? await device.profile(() => source.run())
    : { result: source.run(), rows: null };

  const program = variant.programs.at(-1)!;
  const host = hostNumbers(program);
  const kept = new Map<string, Kept>();
  for (const { name, shape, madeBy, tensor } of variant.retained) {
    const copy = tensor();
    kept.set(name, { shape, madeBy, values: (await copy.data()) as Numbers });
    copy.release("collectStep");
  }
  const after = await readAll(parameters.map(([, p]) => p));
  const gradients = await readAll(parameters.map(([, p]) => p.grad!));
  const momentsAfter = await readMap(optimizer.stateTensors());
  const momentsOf = (place: number): ParameterStep["moments"] => {
    const own = [...momentsAfter].filter(([name]) => name.startsWith(`${place}.`));
    return Object.fromEntries(
      own.map(([name, now]) => [name.split(".")[1], { before: momentsBefore.get(name)!, after: now }]),
    );
  };
  const through = parameters.map(([path, { shape }], i): ParameterStep => {
    const [layer, tensor] = path.split(".") as [string, "weight" | "bias"];
    const values = { values: before[i], after: after[i], gradient: gradients[i] };
    return { layer: Number(layer), tensor, shape, ...values, moments: momentsOf(i) };
  });
  const moments = [...optimizer.stateTensors()];
  const places: Place[] = [
    ...parameters.map(([, p], i) => placeOf(p, before[i], after[i])),
    ...parameters.map(([, p], i) => placeOf(p.grad!, null, gradients[i])),
    ...moments.map(([name, t]) => placeOf(t, momentsBefore.get(name)!, momentsAfter.get(name)!)),
    ...program.retained.map(({ name, source: at }) => placeOf(at, null, kept.get(name)!.values)),
  ];
  const { step, layers, x, y, pictures, roofs } = source;
  return {
    ...{ step, layers, x, y, pictures, roofs, kept, program, host, places, parameters: through },
    ...{ loss: await loss.item(), buffers: await readBuffers(model) },
    optimizer: numbers,
    us: rows?.slice(0, program.dispatches.length).map((row) => row.ns / 1000) ?? null,
  };
}

/** What its dispatches read in the run that has just ended: the next one changes it. */
const hostNumbers = ({ dispatches }: Program): RetainedStep["host"] =>
  dispatches.map(({ params }) =>
    Object.fromEntries(
      params.flatMap(({ name, value }) => (typeof value === "number" ? [] : [[name, value.read()]])),
    ),
  );

const placeOf = ({ storage, byteOffset }: Bindable, before: Numbers | null, after: Numbers): Place => ({
  ...{ storage, byteOffset, before, after },
});

const readAll = (tensors: readonly Tensor[]): Promise<Float32Array[]> =>
  Promise.all(tensors.map((t) => t.data() as Promise<Float32Array>));

async function readMap(tensors: ReadonlyMap<string, Tensor>): Promise<Map<string, Float32Array>> {
  const names = [...tensors.keys()];
  const values = await readAll([...tensors.values()]);
  return new Map(names.map((name, i) => [name, values[i]]));
}

async function readBuffers(model: Module): Promise<Map<string, Values>> {
  const found = new Map<string, Values>();
  for (const [name, t] of model.namedBuffers())
    found.set(name, { shape: t.shape, values: (await t.data()) as Numbers });
  return found;
}

/** Of the step to come. Numbers of the first group: the page's optimizers have one. */
function numbersOf({ optimizer, optimizerName }: StepSource): OptimizerNumbers {
  const { groups, steps } = optimizer.state();
  const group = groups[0] as Partial<OptimizerNumbers>;
  const { lr = 0, momentum = 0, betas = [0, 0], alpha = 0, eps = 0, weightDecay = 0 } = group;
  return { name: optimizerName, lr, momentum, betas, alpha, eps, weightDecay, count: steps[0] + 1 };
}
