// Program files: what a captured step does in the engine it does in the replay, bit by bit; what does not fit is said.

import { beforeAll, describe, expect, test } from "vitest";
import { type Device, withDevice } from "../../src/gpu/device.ts";
import { DeviceLostError, FormatError, OptionError, ShapeError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { exportPrograms } from "../../src/io/program_file.ts";
import { mul } from "../../src/kernels/binary.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { softmax } from "../../src/kernels/softmax.ts";
import { LeNet } from "../../src/models/lenet.ts";
import { AdamW, CosineAnnealingLR } from "../../src/optim/index.ts";
import { openPrograms, type Programs } from "../../src/replay/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { rand, tensor } from "../../src/tensor/create.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { addInto } from "../../src/tensor/primitives.ts";
import { defaultGenerator, manualSeed } from "../../src/tensor/random.ts";
import { emptyPersistent, type Tensor } from "../../src/tensor/tensor.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

const BATCH = 8;
const RUNS = 6;

/** A net with everything that changes from run to run: a schedule, bias corrections, dropout, running statistics. */
function net() {
  const generator = new Generator(5);
  const model = new LeNet({ channels: [2, 4], batchNorm: true, dropout: 0.25, generator });
  const optimizer = new AdamW(model.parameters(), { lr: 0.01 });
  const schedule = new CosineAnnealingLR(optimizer, { tMax: RUNS });
  const step = compile((x: Tensor, y: Tensor) => {
    const logits = model.forward(x);
    const loss = crossEntropy(logits, y);
    optimizer.zeroGrad();
    backward(loss);
    optimizer.step();
    schedule.step();
    return { loss, sizes: [x.shape[0], { logits }] };
  });
  const predict = compile((x: Tensor) => {
    model.eval();
    const p = noGrad(() => softmax(model.forward(x), 1));
    model.train();
    return p;
  });
  return { model, optimizer, schedule, step, predict };
}

function batch(i: number) {
  const g = new Generator(100 + i);
  const x = { data: g.normal(BATCH * 784), shape: [BATCH, 1, 28, 28] };
  return { x, y: { data: g.integers(BATCH, 0, 10), shape: [BATCH] } };
}

const bits = (values: ArrayLike<number>) => Array.from(new Uint32Array(Float32Array.from(values).buffer));

async function exported() {
  manualSeed(3);
  const made = net();
  const { x, y } = batch(0);
  const { model, optimizer } = made;
  const file = await exportPrograms(
    { step: [made.step, x, y], predict: [made.predict, x] },
    { runs: RUNS, about: { name: "small" }, state: [...model.stateDict(), ...optimizer.stateTensors()] },
  );
  return { ...made, file };
}

describe("a training step from a file", () => {
  test("gives the engine's bits: losses, logits, weights, moments, statistics, predictions", async () => {
    const { model, optimizer, step, predict, file } = await exported();
    const programs = await openPrograms(file, await anotherGpu());
    expect(programs.about).toEqual({ name: "small" });
    expect(programs.names).toEqual(["step", "predict"]);
    for (let i = 0; i < RUNS; i++) {
      const { x, y } = batch(i);
      const engine = step(x, y);
      const replay = (await programs.call("step", x.data, y.data)) as {
        loss: { data: Float32Array };
        sizes: [number, { logits: { data: Float32Array; shape: number[] } }];
      };
      expect(bits(replay.loss.data)).toEqual(bits(await engine.loss.data()));
      const [size, { logits }] = replay.sizes;
      expect(size).toBe(BATCH);
      expect(logits.shape).toEqual([BATCH, 10]);
      expect(bits(logits.data)).toEqual(bits(await (engine.sizes[1] as { logits: Tensor }).logits.data()));
    }
    const read = await programs.read();
    for (const [name, t] of [...model.stateDict(), ...optimizer.stateTensors()])
      expect([name, bits(read.get(name)!.data)]).toEqual([name, bits(await t.data())]);
    const { x } = batch(9);
    const seen = (await programs.call("predict", x.data)) as { data: Float32Array };
    expect(bits(seen.data)).toEqual(bits(await predict(x).data()));
  });

  test("the export leaves the host's state as it was, and the functions go on", async () => {
    manualSeed(3);
    const plain = net();
    const { x, y } = batch(0);
    const before = plain.step(x, y);
    const seen = { optimizer: plain.optimizer.state(), random: defaultGenerator.state() };
    await exportPrograms({ step: [plain.step, x, y] }, { runs: 3 });
    expect({ optimizer: plain.optimizer.state(), random: defaultGenerator.state() }).toEqual(seen);
    const after = plain.step(x, y);
    manualSeed(3);
    const other = net();
    const [first, second] = [other.step(x, y), other.step(x, y)];
    expect(bits(await first.loss.data())).toEqual(bits(await before.loss.data()));
    expect(bits(await second.loss.data())).toEqual(bits(await after.loss.data()));
  });

  test("goes back to the engine in the middle: tensors loaded, the host's state forwarded", async () => {
    const { file } = await exported();
    const programs = await openPrograms(file, await anotherGpu());
    const HALF = 3;
    for (let i = 0; i < HALF; i++) programs.run("step", batch(i).x.data, batch(i).y.data);
    const read = await programs.read();
    manualSeed(3);
    const whole = net();
    for (let i = 0; i < RUNS; i++) whole.step(batch(i).x, batch(i).y);
    manualSeed(3);
    const later = net();
    later.step.forward(HALF, batch(0).x, batch(0).y);
    const tensors = new Map([...read].map(([name, { data, shape }]) => [name, tensor(data, { shape })]));
    const own = later.model.stateDict();
    later.model.loadStateDict(new Map([...read].filter(([name]) => own.has(name))));
    const moments = new Map([...tensors].filter(([name]) => !own.has(name)));
    later.optimizer.loadState(later.optimizer.state(), moments);
    for (let i = HALF; i < RUNS; i++) later.step(batch(i).x, batch(i).y);
    for (const [name, t] of later.model.stateDict())
      expect([name, bits(await t.data())]).toEqual([
        name,
        bits(await whole.model.stateDict().get(name)!.data()),
      ]);
  });

  test("reset begins again; a tensor of the state can be written", async () => {
    const { file } = await exported();
    const programs = await openPrograms(file, await anotherGpu());
    const { x, y } = batch(0);
    const loss = async () =>
      bits(((await programs.call("step", x.data, y.data)) as { loss: { data: Float32Array } }).loss.data);
    const first = await loss();
    const second = await loss();
    programs.reset();
    expect(await loss()).toEqual(first);
    expect(await loss()).toEqual(second);
    programs.reset();
    const [name] = programs.state;
    const { data } = (await programs.read([name!])).get(name!)!;
    programs.write(
      name!,
      (data as Float32Array).map((v) => v + 1),
    );
    expect(await loss()).not.toEqual(first);
    programs.release();
  });

  test("two functions share a state that is not the result of either", async () => {
    const total = withDevice(device, () => emptyPersistent([3], "f32", device, "total"));
    device.recorder.upload(total, Float32Array.of(1, 2, 3));
    const add = compile((x: Tensor) => {
      addInto(total, x);
    });
    const twice = compile(() => mul(total, 2));
    const file = await exportPrograms({ add: [add, Float32Array.of(0, 0, 0)], twice: [twice] }, { runs: 1 });
    const programs = await openPrograms(file, await anotherGpu());
    // No host values: not bound to the one run.
    for (let i = 0; i < 4; i++) programs.run("add", Float32Array.of(1, 10, 100));
    expect(programs.runs("add")).toEqual({ done: 4, limit: Number.POSITIVE_INFINITY });
    const { data } = (await programs.call("twice")) as { data: Float32Array };
    expect([...data]).toEqual([10, 84, 806]);
    expect(await programs.call("add", Float32Array.of(0, 0, 0))).toBe(null);
  });

  test("random numbers go on from run to run", async () => {
    manualSeed(11);
    const draw = compile(() => rand([5]));
    const file = await exportPrograms({ draw: [draw] }, { runs: 3 });
    const programs = await openPrograms(file, await anotherGpu());
    for (let i = 0; i < 3; i++) {
      const { data } = (await programs.call("draw")) as { data: Float32Array };
      expect(bits(data)).toEqual(bits(await draw().data()));
    }
  });
});

describe("what does not fit is said", () => {
  let programs: Programs;
  let file: Uint8Array;
  beforeAll(async () => {
    ({ file } = await exported());
    programs = await openPrograms(file, await anotherGpu());
  });
  const { x, y } = batch(0);

  test("calls", () => {
    expect(() => programs.run("train", x.data)).toThrow(/no function train; there are step, predict/);
    expect(() => programs.run("step", x.data)).toThrow(/step: takes 2 tensors, got 1/);
    expect(() => programs.run("step", x.data.subarray(1), y.data)).toThrow(ShapeError);
    expect(() => programs.run("step", y.data, y.data)).toThrow(ShapeError);
    expect(() => programs.write("no such", x.data)).toThrow(/there is no tensor no such; there are/);
    expect(() => programs.write(programs.state[0]!, x.data)).toThrow(ShapeError);
    expect(() => programs.setRuns("step", RUNS + 1)).toThrow(OptionError);
    expect(programs.runs("step")).toEqual({ done: 0, limit: RUNS });
    programs.setRuns("step", RUNS);
    expect(() => programs.run("step", x.data, y.data)).toThrow(
      /recorded for 6 runs, and all of them are done/,
    );
    programs.setRuns("step", 0);
  });

  test.each([
    ["nothing", () => new Uint8Array()],
    ["noise", () => new Generator(1).uniform(100).map((v) => v * 255)],
    ["cut off in the header", () => file.slice(0, 1000)],
    ["cut off in the data", () => file.slice(0, file.length - 50_000)],
    ["a length beyond all bounds", () => Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 1)],
    ["another safetensors file", () => new TextEncoder().encode(`\x02\0\0\0\0\0\0\0{}`)],
    ["no JSON", () => new TextEncoder().encode(`\x02\0\0\0\0\0\0\0{{`)],
  ])("a file: %s", async (_, make) => {
    const gpu = await anotherGpu();
    await expect(openPrograms(Uint8Array.from(make()), gpu)).rejects.toThrow(FormatError);
  });

  test("a file of a newer form, one that wants a feature or larger buffers", async () => {
    const text = Buffer.from(file).toString("latin1");
    const edited = (from: string, to: string) => {
      expect(text.includes(from)).toBe(true);
      return Uint8Array.from(Buffer.from(text.replace(from, to.padEnd(from.length)), "latin1"));
    };
    const gpu = await anotherGpu();
    const newer = openPrograms(edited('\\"version\\":1', '\\"version\\":9'), gpu);
    await expect(newer).rejects.toThrow(/of form 9, newer than this runtime's 1/);
    const lacking = openPrograms(withText(file, '\\"features\\":[', '\\"features\\":[\\"magic\\",'), gpu);
    await expect(lacking).rejects.toThrow(/the device lacks magic/);
    const bytes = /\\"bytes\\":(\d+)/.exec(text)![0];
    const large = openPrograms(withText(file, bytes, `\\"bytes\\":${2 ** 45}`), gpu);
    await expect(large).rejects.toThrow(/needs a buffer of \d+ bytes, the device's limit is/);
  });

  test("a device that is lost", async () => {
    const gpu = await anotherGpu();
    const here = await openPrograms(file, gpu);
    gpu.destroy();
    await gpu.lost;
    expect(() => here.run("step", x.data, y.data)).toThrow(DeviceLostError);
    await expect(here.read()).rejects.toThrow(DeviceLostError);
    await expect(here.pace(0)).rejects.toThrow(DeviceLostError);
  });
});

describe("what cannot be exported is said", () => {
  test("functions that were not compiled, tensors from outside, counts that are none", async () => {
    const plain = (x: Tensor) => mul(x, 2);
    const as = plain as unknown as ReturnType<typeof compile<[Tensor], Tensor>>;
    await expect(exportPrograms({ plain: [as, Float32Array.of(1)] })).rejects.toThrow(UsageError);
    const given = tensor([1, 2]);
    const outside = compile((x: Tensor) => ({ y: mul(x, given), given }));
    await expect(exportPrograms({ outside: [outside, Float32Array.of(1, 2)] })).rejects.toThrow(
      /outside returns a tensor from outside \(given\)/,
    );
    const fine = compile((x: Tensor) => sum(x));
    for (const runs of [0, 1.5, Number.NaN])
      await expect(exportPrograms({ fine: [fine, Float32Array.of(1)] }, { runs })).rejects.toThrow(
        OptionError,
      );
  });

  test("a step whose later runs need another recording", async () => {
    const p = net();
    const { x, y } = batch(0);
    // The first call finds no gradients, later ones add to those that are there.
    const adding = compile((x: Tensor, y: Tensor) => {
      backward(crossEntropy(p.model.forward(x), y));
    });
    await expect(exportPrograms({ adding: [adding, x, y] }, { runs: 2 })).rejects.toThrow(
      /run 2 of 2 would need another recording/,
    );
  });
});

/** A GPUDevice that the engine does not know. */
async function anotherGpu(): Promise<GPUDevice> {
  const other = await requestDevice();
  return other.gpu;
}

/** The file with another header text of another length. */
function withText(file: Uint8Array, from: string, to: string): Uint8Array {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = Buffer.from(file.subarray(8, 8 + length)).toString("latin1");
  expect(header.includes(from)).toBe(true);
  const changed = Buffer.from(header.replace(from, to), "latin1");
  const out = new Uint8Array(8 + changed.length + file.length - 8 - length);
  new DataView(out.buffer).setBigUint64(0, BigInt(changed.length), true);
  out.set(changed, 8);
  out.set(file.subarray(8 + length), 8 + changed.length);
  return out;
}
