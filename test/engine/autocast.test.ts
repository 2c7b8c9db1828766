// autocast: which ops compute in f16 and which in f32, parameters cast once a scope, gradients in f32, recordings that depend on
// it, and training with a gradient scaler as good as in f32. Needs shader-f16: on lavapipe, else only the refusal is tested.

import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { DTypeError, OptionError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { findSoftwareDrivers } from "../../src/hosts/software.ts";
import {
  autocast,
  backward,
  checkpoint,
  compile,
  exp,
  F,
  grad,
  manualSeed,
  matmul,
  nn,
  noGrad,
  optim,
  parameter,
  pow,
  randint,
  randn,
  scope,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";

const lavapipe = findSoftwareDrivers().some((d) => d.kind === "lavapipe");
const why = "skipped, no lavapipe here (apt-get install mesa-vulkan-drivers)";

let device: Device;
beforeAll(async () => {
  device = await requestDevice(lavapipe ? { adapter: "lavapipe" } : {});
});

const list = async (t: Tensor) => [...(await t.data())];

test("an adapter without shader-f16 is refused, unless one asks for less", () => {
  const has = vi.spyOn(device.features, "has").mockReturnValue(false);
  try {
    expect(() => autocast(() => 1)).toThrow(DTypeError);
    expect(() => autocast(() => 1)).toThrow(
      /autocast: f16 needs shader-f16, which this adapter lacks \(.+\)/,
    );
    const x = randn([2, 3]);
    for (const enabled of [false, "auto"] as const)
      expect(autocast(() => matmul(x, randn([3, 2])), { enabled }).dtype).toBe("f32");
  } finally {
    has.mockRestore();
  }
});

test("options and Promises", () => {
  expect(() => autocast(() => 1, { dtype: "f32" as "f16" })).toThrow(
    new OptionError("autocast: dtype must be f16, got f32"),
  );
  expect(() => autocast(async () => 1, { enabled: false })).toThrow(TypeError);
});

describe.skipIf(!lavapipe)(lavapipe ? "with f16" : `with f16: ${why}`, () => {
  test("products in f16; what f16 is too narrow for in f32; all else as it comes", async () => {
    const rnn = new nn.LSTM(8, 4);
    const attention = new nn.MultiheadAttention(8, 2);
    const found = new Map<string, string>();
    // Recorded and not run: a software adapter would compile for longer than all else here takes.
    const record = compile(() => {
      const x = randn([2, 3, 8]);
      const image = randn([1, 2, 6, 6]);
      const half = autocast(() => F.linear(x, randn([8, 8])));
      const qkv = () => randn([1, 2, 3, 4]);
      autocast(() => {
        const narrow = {
          linear: half,
          matmul: matmul(x, randn([8, 2])),
          dot: matmul(randn([3]), randn([3])),
          conv1d: F.conv1d(x, randn([2, 3, 3])),
          conv2d: F.conv2d(image, randn([2, 2, 3, 3]), randn([2])),
          conv3d: F.conv3d(randn([1, 1, 3, 3, 3]), randn([1, 1, 2, 2, 2])),
          convTranspose2d: F.convTranspose2d(image, randn([2, 2, 3, 3])),
          attention: F.scaledDotProductAttention(qkv(), qkv(), qkv()),
          multihead: attention.forward(x, x, x),
          lstm: rnn.forward(x)[0],
          relu: F.relu(half),
          pool: F.maxPool2d(F.conv2d(image, randn([2, 2, 3, 3])), { kernelSize: 2 }),
        };
        const wide = {
          softmax: F.softmax(half),
          logSoftmax: F.logSoftmax(half),
          layerNorm: F.layerNorm(half, 8, randn([8])),
          groupNorm: F.groupNorm(half, 3),
          sum: sum(half),
          exp: exp(half),
          pow: pow(half, 2),
          crossEntropy: F.crossEntropy(half, randint(0, 3, [2, 8])),
          mse: F.mseLoss(half, x),
          bce: F.binaryCrossEntropyWithLogits(half, x),
          "relu of f32": F.relu(x),
          "turned off": autocast(() => matmul(x, randn([8, 2])), { enabled: false }),
        };
        for (const [name, t] of Object.entries(narrow)) found.set(`f16 ${name}`, t.dtype);
        for (const [name, t] of Object.entries(wide)) found.set(`f32 ${name}`, t.dtype);
      });
      found.set("f32 outside", matmul(x, randn([8, 2])).dtype);
    });
    await record.prepare();
    expect(found.size).toBe(25);
    for (const [name, dtype] of found) expect(dtype, name).toBe(name.slice(0, 3));
  });

  test("values are those of f16 operands, gradients arrive in f32", async () => {
    manualSeed(1);
    const [x, w] = [
      randn([4, 8]),
      parameter(
        [3, 8],
        Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
      ),
    ];
    const loss = () => F.mseLoss(F.linear(x, w), zeros([4, 3]));
    const full = grad(loss(), [w])[0];
    const wide = await list(full);
    for (const inside of [true, false]) {
      w.grad = null;
      const y = autocast(() => {
        const l = loss();
        if (inside) backward(l);
        return l;
      });
      if (!inside) backward(y);
      expect([y.dtype, w.grad!.dtype]).toEqual(["f32", "f32"]);
      const narrow = await list(w.grad!);
      narrow.forEach((g, i) => {
        expect(Math.abs(g - wide[i])).toBeLessThan(4e-3);
      });
      expect(narrow).not.toEqual(wide);
    }
  });

  test("a parameter is cast once a scope, and again when it has changed", () => {
    const w = parameter([8, 8], new Float32Array(64).fill(0.1));
    const x = randn([4, 8]);
    const casts = (fn: () => unknown) => {
      const step = compile(() => void fn(), { fuse: false });
      step();
      return step.programs[0].dispatches.filter((d) => d.label.endsWith("cast")).length;
    };
    const narrow = autocast(() => F.linear(x, w)); // f16: only w is left to cast
    expect(casts(() => autocast(() => [F.linear(narrow, w), F.linear(narrow, w), F.linear(narrow, w)]))).toBe(
      1,
    );
    const twice = () => {
      F.linear(narrow, w);
      nn.init.zeros(w);
      F.linear(narrow, w);
    };
    expect(casts(() => autocast(twice))).toBe(2);
    const modes = () => {
      noGrad(() => F.linear(narrow, w));
      F.linear(narrow, w); // that one needs a tape
    };
    expect(casts(() => autocast(modes))).toBe(2);
  });

  test("several forwards and backwards in one scope, with scopes in it", async () => {
    const w = parameter([2, 2], Float32Array.of(1, 2, 3, 4));
    const x = tensor([[1, 1]]);
    const once = () => backward(sum(F.linear(x, w)));
    autocast(() => {
      for (let i = 0; i < 3; i++) scope(once);
      for (let i = 0; i < 2; i++) once(); // the tape of the cast is gone, the cast is not
    });
    expect(await list(w.grad!)).toEqual([5, 5, 5, 5]);
  });

  test("a forward in f32 has a backward in f32, wherever it runs", async () => {
    const w = parameter(
      [4, 4],
      Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)),
    );
    const x = randn([3, 4]);
    const run = (wrap: (fn: () => void) => void) => {
      w.grad = null;
      const loss = F.mseLoss(F.linear(F.linear(x, w), w), zeros([3, 4]));
      wrap(() => backward(loss));
      return list(w.grad!);
    };
    expect(await run((fn) => autocast(fn))).toEqual(await run((fn) => fn()));
  });

  test("a compiled function records once for each state outside it; a scope inside it is part of it", () => {
    const w = parameter([4, 4], new Float32Array(16).fill(1));
    const step = compile((x: Tensor) => F.linear(x, w));
    const x = randn([2, 4]);
    const half = () => autocast(() => step(x));
    expect([step(x).dtype, half().dtype, step(x).dtype, half().dtype]).toEqual(["f32", "f16", "f32", "f16"]);
    expect(step.programs.length).toBe(2);
    const own = compile((x: Tensor) => autocast(() => F.linear(x, w)));
    expect([own(x).dtype, autocast(() => own(x)).dtype, own(x).dtype]).toEqual(["f16", "f16", "f16"]);
    expect(own.programs.length).toBe(1);
  });

  test("checkpoint computes again as it did", async () => {
    const w = parameter(
      [8, 8],
      Float32Array.from({ length: 64 }, (_, i) => Math.cos(i)),
    );
    const x = randn([3, 8]);
    const run = (wrap: boolean) => {
      w.grad = null;
      const part = (t: Tensor) => F.relu(F.linear(t, w));
      const loss = autocast(() => sum(wrap ? checkpoint(part, x) : part(x)));
      backward(loss);
      return list(w.grad!);
    };
    expect(await run(true)).toEqual(await run(false));
  });

  test("an optimizer inside the scope computes in f32", async () => {
    const run = async (wrap: (fn: () => void) => void) => {
      const p = parameter(
        [4, 4],
        Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)),
      );
      const optimizer = new optim.Muon([p], { lr: 0.1 });
      p.grad = tensor(
        Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)),
        { shape: [4, 4] },
      );
      wrap(() => optimizer.step());
      return list(p);
    };
    expect(await run((fn) => autocast(fn))).toEqual(await run((fn) => fn()));
  });

  test("training with a scaler reaches the loss of f32; a scale that overflows is backed off", async () => {
    const train = async (half: boolean, initScale = 2 ** 16) => {
      manualSeed(5);
      const model = new nn.Sequential(
        new nn.Linear(8, 24),
        new nn.GELU(),
        new nn.LayerNorm(24),
        new nn.Linear(24, 4),
      );
      const optimizer = new optim.AdamW(model.parameters(), { lr: 2e-2 });
      const scaler = new optim.GradScaler({ initScale, enabled: half });
      const x = randn([32, 8]);
      const labels = randint(0, 4, [32]);
      const step = compile((x: Tensor, labels: Tensor) => {
        const loss = autocast(() => F.crossEntropy(model.forward(x), labels), { enabled: half });
        optimizer.minimize(loss, { scaler });
        return loss;
      });
      const losses: number[] = [];
      for (let i = 0; i < 40; i++) losses.push(await step(x, labels).item());
      expect(step.programs.length).toBeLessThanOrEqual(2);
      const skipped = optimizer.stateTensors().get("skipped");
      return { losses, scale: await scaler.getScale(), skipped: skipped ? (await skipped.data())[0] : 0 };
    };
    const full = await train(false);
    const mixed = await train(true);
    expect(full.losses.at(-1)!).toBeLessThan(0.5 * full.losses[0]);
    full.losses.forEach((l, i) => {
      expect(Math.abs(mixed.losses[i] / l - 1), `step ${i}: ${mixed.losses[i]}, ${l}`).toBeLessThan(0.01);
    });
    expect(mixed.losses).not.toEqual(full.losses);
    const wild = await train(true, 2 ** 30);
    expect(wild.skipped).toBeGreaterThan(3);
    expect(wild.scale).toBe(2 ** (30 - wild.skipped));
    const good = wild.losses.slice(wild.skipped);
    good.forEach((l, i) => {
      expect(Math.abs(l / full.losses[i] - 1), `good step ${i}`).toBeLessThan(0.01);
    });
  });
});
