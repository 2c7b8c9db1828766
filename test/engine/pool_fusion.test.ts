// Max pooling behind a convolution: the convolution pools what it has, ties and NaN included; relu's gate moves in front of
// the pooling's gradient; both only where nobody looks. And the LeNet step that this is for.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findSoftwareDrivers } from "../../src/hosts/software.ts";
import * as w from "../../src/node.ts";
import { type Device, F, type Tensor } from "../../src/node.ts";
import { type Compiled, compile } from "../../src/tensor/compile.ts";
import { copyInto } from "../../src/tensor/primitives.ts";
import { lenetStep } from "../../src/train/recipes/steps.ts";

let device: Device;
beforeAll(async () => {
  device = await w.requestDevice();
});
afterAll(() => device.destroy());

const lavapipe = findSoftwareDrivers().some((d) => d.kind === "lavapipe");

const labels = (c: Compiled<readonly Tensor[], unknown>) => c.programs[0].dispatches.map((d) => d.label);

/** Small whole numbers: sums are exact, and many maxima are ties. */
const whole = (shape: readonly number[], from = 5) =>
  w.tensor(
    Float32Array.from(
      { length: shape.reduce((n, s) => n * s, 1) },
      (_, i) => ((i * 7919) % from) - (from >> 1),
    ),
    { shape: [...shape] },
  );

type Fn = (...args: readonly Tensor[]) => readonly Tensor[];

/** The same numbers, bit for bit, from the fused program and from the recording; its dispatches. */
async function same(fn: Fn, args: readonly Tensor[]): Promise<string[]> {
  const [plain, fused] = [compile(fn, { fuse: false }), compile(fn)];
  const [a, b] = [plain(...args), fused(...args)];
  for (let k = 0; k < a.length; k++) expect(await b[k].data()).toEqual(await a[k].data());
  return labels(fused);
}

const pooled = (y: Tensor): readonly Tensor[] => F.maxPool2d(y, { kernelSize: 2, returnIndices: true });

/** Gradients of a small net in its first convolution. */
const gradients = (pool: (y: Tensor) => Tensor, act: (y: Tensor) => Tensor): Fn => {
  return (x, first, second) => {
    const leaves = [w.mul(x, 1), w.mul(first, 1)];
    for (const leaf of leaves) leaf.requiresGrad = true;
    const hidden = pool(act(F.conv2d(leaves[0], leaves[1], null, { padding: 1 })));
    const y = F.conv2d(hidden, second, null, { padding: 1 });
    return w.grad([w.sum(w.mul(y, y))], leaves) as Tensor[];
  };
};
const args = () => [whole([2, 3, 12, 12], 3), whole([4, 3, 3, 3], 3), whole([5, 4, 3, 3], 3)];

describe("max pooling inside the convolution", () => {
  const quads = () => device.features.has("subgroups");

  test.each([
    ["LeNet's first", [3, 1, 28, 28], [8, 1, 5, 5], { padding: 2 }],
    ["channels that fill no quad, planes that fill no tile", [3, 3, 10, 6], [7, 3, 3, 3], { padding: 1 }],
    ["groups", [2, 8, 6, 10], [12, 4, 3, 3], { padding: 1, groups: 2 }],
    ["stride 2", [1, 4, 12, 9], [4, 4, 3, 3], { stride: 2, padding: [1, 0] }],
    ["planes of two windows", [1, 5, 2, 4], [5, 5, 3, 3], { padding: 1 }],
    ["tall", [1, 4, 64, 2], [16, 4, 3, 3], { padding: 1 }],
  ] as const)("%s", async (_, x, weight, options) => {
    const args = [whole(x), whole(weight, 3), whole([weight[0]])];
    for (const relu of [true, false]) {
      const fn: Fn = (x, weight, bias) => {
        const y = F.conv2d(x, weight, bias, options);
        return pooled(relu ? F.relu(y) : y);
      };
      const found = await same(fn, args);
      if (quads()) expect(found).toEqual([`conv2d${relu ? " + relu" : ""} + maxPool2d`]);
    }
  });

  test("NaN and infinity", async () => {
    const data = Float32Array.from({ length: 4 * 8 * 8 }, (_, i) => (i * 31) % 17);
    data[9] = Number.NaN;
    data[77] = Number.POSITIVE_INFINITY;
    data[140] = Number.NEGATIVE_INFINITY;
    const weight = w.tensor(
      Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0)),
      { shape: [4, 4, 1, 1] },
    );
    const fn: Fn = (x, weight) => pooled(F.relu(F.conv2d(x, weight)));
    await same(fn, [w.tensor(data, { shape: [1, 4, 8, 8] }), weight]);
  });

  test("not where planes are odd, windows differ or somebody reads the planes", async () => {
    const args = [whole([2, 4, 8, 8]), whole([4, 4, 3, 3], 3)];
    const conv = (x: Tensor, weight: Tensor) => F.relu(F.conv2d(x, weight, null, { padding: 1 }));
    const three: Fn = (x, weight) => [F.maxPool2d(conv(x, weight), { kernelSize: 3, stride: 2 })];
    expect(await same(three, args)).toHaveLength(2);
    const read: Fn = (x, weight) => {
      const y = conv(x, weight);
      return [...pooled(y), w.sum(y)];
    };
    expect((await same(read, args)).filter((l) => /\+ maxPool2d/.test(l))).toEqual([]);
    const kept: Fn = (x, weight) => {
      const y = conv(x, weight);
      return [...pooled(y), y];
    };
    expect(await same(kept, args)).toHaveLength(2);
  });
});

describe("relu's gate in front of the pooling's gradient", () => {
  const options = [{ kernelSize: 2 }, { kernelSize: 3, stride: 2 }, { kernelSize: 3, stride: 1, padding: 1 }];

  test.each(options)("%j", async (o) => {
    const found = await same(
      gradients((y) => F.maxPool2d(y, o), F.relu),
      args(),
    );
    expect(found.filter((l) => /reluGradient \+ maxPool2dBackward/.test(l))).toHaveLength(1);
    expect(found.filter((l) => /maxPool2dBackward$/.test(l))).toHaveLength(1);
  });

  test("not for a gradient that is no gate, nor for a gate of something else", async () => {
    const square = await same(
      gradients((y) => F.maxPool2d(y, { kernelSize: 2 }), w.square),
      args(),
    );
    expect(square.some((l) => /maxPool2dBackward \+/.test(l))).toBe(true);
    // The pooling's input is not what the gate looks at.
    const shifted = (y: Tensor) => F.maxPool2d(w.sub(F.relu(y), 3), { kernelSize: 2 });
    const found = await same(
      gradients(shifted, (y) => y),
      args(),
    );
    expect(found.some((l) => /maxPool2dBackward \+ reluGradient/.test(l))).toBe(true);
  });
});

describe("the LeNet step", () => {
  test("14 dispatches at most, and the losses of the eager step", async () => {
    const losses: number[][] = [];
    for (const how of ["eager", "captured"]) {
      const step = lenetStep();
      for (const p of step.model.parameters()) copyInto(p, w.mul(whole(p.shape, 17), 1 / 64));
      const run = how === "eager" ? step.run : compile(step.run);
      const batch = step.inputs.map(({ data, shape }) => w.tensor(data as Float32Array, { shape }));
      const found: number[] = [];
      for (let k = 0; k < 6; k++) found.push(await (run(batch[0], batch[1]) as Tensor).item());
      losses.push(found);
      if (how === "eager") continue;
      const { dispatches, recorded } = (run as Compiled<readonly Tensor[], unknown>).programs[0];
      expect(dispatches.length).toBeLessThan(recorded);
      if (device.features.has("subgroups")) expect(dispatches.length).toBeLessThanOrEqual(14);
    }
    losses[0].forEach((loss, k) => {
      expect(Math.abs(losses[1][k] - loss) / loss).toBeLessThan(1e-5);
    });
    expect(losses[1].at(-1)).toBeLessThan(losses[1][0]);
  });
});

describe.skipIf(!lavapipe)("f16, on lavapipe", () => {
  let other: Device;
  beforeAll(async () => {
    other = await w.requestDevice({ adapter: "lavapipe" });
  });
  afterAll(() => other.destroy());
  const half = (fn: Fn, args: () => readonly Tensor[]) =>
    w.withDevice(other, () => same((...all) => w.autocast(() => fn(...all), { dtype: "f16" }), args()));

  test("planes are pooled as they are stored: rounded", async () => {
    const fn: Fn = (x, weight) => pooled(F.relu(F.conv2d(x, weight, null, { padding: 1 })));
    const found = await half(fn, () => [w.rand([2, 4, 8, 8]), w.rand([4, 4, 3, 3])]);
    expect(found.filter((l) => /\+ maxPool2d/.test(l))).toEqual([]);
  });

  test("gates move all the same", async () => {
    const fn: Fn = (x) => {
      const leaf = w.mul(w.cast(x, "f16"), 1);
      leaf.requiresGrad = true;
      const y = F.maxPool2d(F.relu(leaf), { kernelSize: 2 });
      return w.grad([w.sum(w.mul(y, y))], [leaf]) as Tensor[];
    };
    const found = await w.withDevice(other, () => same(fn, [whole([2, 3, 8, 8])]));
    expect(found.filter((l) => /maxPool2dBackward$/.test(l))).toHaveLength(1);
  });
});
