// Tuning tables: text and hash, what a pinned one changes, what is refused, how rivals are judged, and that a host keeps what was
// measured, once.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { tune } from "../src/cli/tune.ts";
import type { Device } from "../src/gpu/device.ts";
import { withDevice } from "../src/gpu/device.ts";
import { FormatError, OptionError } from "../src/gpu/errors.ts";
import type { MetClass } from "../src/gpu/tuning.ts";
import {
  adapterKey,
  DEFAULTS_VERSION,
  parseTuningTable,
  type TuningEntries,
  textHash,
  tuningHash,
  tuningTable,
  tuningText,
} from "../src/gpu/tuning_table.ts";
import { beginAutotune, inMemory, keepEntries, type TuningStore } from "../src/hosts/autotune.ts";
import { requestDevice } from "../src/hosts/node.ts";
import { cacheFolder, tuningFiles } from "../src/hosts/tuning_file.ts";
import { relu } from "../src/kernels/activation.ts";
import { defaultAttention } from "../src/kernels/attention_choices.ts";
import { add as addTo, mul } from "../src/kernels/binary.ts";
import { type Conv2dOptions, conv2d } from "../src/kernels/conv2d.ts";
import { convGeometry } from "../src/kernels/conv2d_geometry.ts";
import { defaultVariant } from "../src/kernels/conv2d_variants.ts";
import { crossEntropy } from "../src/kernels/cross_entropy.ts";
import { layerNorm } from "../src/kernels/layer_norm.ts";
import { defaultLayerNorm } from "../src/kernels/layer_norm_choices.ts";
import { lstm } from "../src/kernels/lstm.ts";
import { matmul } from "../src/kernels/matmul.ts";
import { defaultMatmul, MATMUL } from "../src/kernels/matmul_choices.ts";
import { defaultRecurrent } from "../src/kernels/recurrent_choices.ts";
import { sum } from "../src/kernels/reduce.ts";
import { defaultReduction } from "../src/kernels/reduce_choices.ts";
import { softmax } from "../src/kernels/softmax.ts";
import { defaultSoftmax } from "../src/kernels/softmax_choices.ts";
import { measureClasses } from "../src/kernels/tuning.ts";
import { runTrial, type Trial } from "../src/kernels/tuning_trial.ts";
import { grad } from "../src/tensor/autograd.ts";
import { compile } from "../src/tensor/compile.ts";
import { rand, randn, zeros } from "../src/tensor/create.ts";
import { Generator } from "../src/tensor/philox.ts";
import { add } from "../src/tensor/primitives.ts";
import type { Tensor } from "../src/tensor/tensor.ts";

const folder = mkdtempSync(join(tmpdir(), "wgrad-tuning-"));
const opened: Device[] = [];
const open = async (options: Parameters<typeof requestDevice>[0] = {}) => {
  const device = await requestDevice(options);
  opened.push(device);
  return device;
};
let plain: Device;
beforeAll(async () => {
  plain = await open();
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => {
  for (const device of opened) device.destroy();
  rmSync(folder, { recursive: true, force: true });
});

const SIDE = 24;
const CLASS = "nn m32 n32 k32 b1";
/** The kernels of one captured product. */
function kernelsOf(device: Device, side = SIDE): string[] {
  return withDevice(device, () => {
    const [a, b] = [rand([side, side]), rand([side, side])];
    const compiled = compile((x: Tensor, y: Tensor) => matmul(x, y));
    compiled(a, b);
    return compiled.programs[0]!.dispatches.map((d) => d.kernel);
  });
}

describe("table", () => {
  const entries = {
    matmul: { [CLASS]: "tiled", "nt m1 n1 k1 b1": "default" },
    reduce: { "rows 1 of 64": "lanes 1 splits 2" },
  };

  test("comes back from its text, which is sorted", () => {
    const table = tuningTable(entries, "some adapter");
    expect(parseTuningTable("t", tuningText(table))).toEqual(table);
    const turned = {
      reduce: entries.reduce,
      matmul: Object.fromEntries(Object.entries(entries.matmul).reverse()),
    };
    expect(tuningText(tuningTable(turned, "some adapter"))).toBe(tuningText(table));
  });

  test("hash: of the choices, not of their order, nor of classes whose default stood", () => {
    expect(tuningHash({})).toBe(textHash(`defaults ${DEFAULTS_VERSION}`));
    expect(tuningHash({})).toMatch(/^[0-9a-f]{8}$/);
    expect(plain.tuning.hash).toBe(tuningHash({}));
    const other = { reduce: { "rows 1 of 64": "lanes 1 splits 2" }, matmul: { [CLASS]: "tiled" } };
    expect(tuningHash(entries)).toBe(tuningHash(other));
    expect(tuningHash(entries)).not.toBe(tuningHash({}));
    expect(tuningHash({ matmul: { [CLASS]: "naive" } })).not.toBe(
      tuningHash({ matmul: { [CLASS]: "tiled" } }),
    );
  });

  test.each([
    ["{", /t: is not JSON$/],
    ["[]", /t: is no tuning table: format is not wgrad-tuning$/],
    [JSON.stringify({ ...tuningTable({}), version: 9 }), /t: version 9 is not known, this is 1$/],
    [JSON.stringify({ ...tuningTable({}), defaults: "x" }), /t: defaults must be a whole number, is x$/],
    [JSON.stringify({ ...tuningTable({}), adapter: 3 }), /t: adapter must be a text or null$/],
    [JSON.stringify({ ...tuningTable({}), entries: [] }), /t: entries must be an object$/],
    [
      JSON.stringify({ ...tuningTable({}), entries: { matmul: 1 } }),
      /t: entries of matmul must be an object$/,
    ],
    [
      JSON.stringify({ ...tuningTable({}), entries: { matmul: { x: 1 } } }),
      /t: the variant of matmul x must be a text$/,
    ],
  ])("FormatError for %s", (text, message) => {
    expect(() => parseTuningTable("t", text)).toThrow(FormatError);
    expect(() => parseTuningTable("t", text)).toThrow(message);
  });

  test("the defaults are those of DEFAULTS_VERSION: raise it if this fails on purpose", () => {
    const device = (software: boolean) =>
      ({ adapter: { software }, features: new Set(["subgroups"]) }) as unknown as Device;
    const both = [device(true), device(false)];
    const sizes = [1, 4, 10, 64, 500, 2048];
    const products = sizes.flatMap((m) => sizes.flatMap((n) => sizes.map((k) => ({ m, n, k, batches: 1 }))));
    const images = [1, 3, 16, 64].flatMap((c) =>
      [1, 3, 5].flatMap((k) => [1, c].map((groups) => ({ c, k, groups }))),
    );
    const geometries = images.map(({ c, k, groups }) =>
      convGeometry("conv2d", [8, c, 28, 28], [16 * c, c / groups, k, k], { groups, padding: (k - 1) / 2 }),
    );
    const passes = ["forward", "dataGradient", "weightGradient"] as const;
    const choices = both.map((on) => ({
      matmul: products.map((size) => defaultMatmul(size, on)),
      conv2d: geometries.flatMap((g) => passes.map((pass) => defaultVariant(pass, g, on))),
      attention: [16, 64, 128].flatMap((d) =>
        (["forward", "queries", "keys", "whole"] as const).map((pass) =>
          defaultAttention(pass, { b: 2, h: 4, hk: 4, t: 64, s: 64, d, causal: true }, on),
        ),
      ),
      reduce: sizes.flatMap((inner) =>
        sizes.map((r2) => defaultReduction({ k1: 1, r1: 1, k2: 8, r2: r2 * r2, inner }, on)),
      ),
      softmax: (["forward", "backward", "losses"] as const).flatMap((pass) =>
        sizes.flatMap((n) => sizes.map((inner) => defaultSoftmax(pass, { rows: 8 * inner, n, inner }, on))),
      ),
      layerNorm: (["forward", "backward", "sums"] as const).flatMap((pass) =>
        sizes.flatMap((d) => sizes.map((rows) => defaultLayerNorm(pass, { rows, d }, on))),
      ),
      recurrent: sizes.flatMap((batch) =>
        sizes.map((hidden) => defaultRecurrent({ gates: 4, batch, hidden }, on)),
      ),
    }));
    const digest = (family: keyof (typeof choices)[0]) =>
      textHash(choices.map((c) => c[family].join()).join());
    expect({
      version: DEFAULTS_VERSION,
      matmul: digest("matmul"),
      conv2d: digest("conv2d"),
      attention: digest("attention"),
      reduce: digest("reduce"),
      softmax: digest("softmax"),
      layerNorm: digest("layerNorm"),
      recurrent: digest("recurrent"),
    }).toEqual({
      version: 2,
      matmul: "335e97cb",
      conv2d: "d1cff2c7",
      attention: "c43a8df8",
      reduce: "49a7c32b",
      softmax: "da0444a1",
      layerNorm: "0b8eabe5",
      recurrent: "b4299471",
    });
  });
});

describe("a pinned table", () => {
  test("names the variant that runs, and its hash; other classes keep the default", async () => {
    expect(kernelsOf(plain)).toEqual(["matmul_quad"]);
    const entries = { matmul: { [CLASS]: "tiled" } };
    const device = await open({ tuning: tuningTable(entries) });
    expect(kernelsOf(device)).toEqual(["matmul_tiled"]);
    expect(kernelsOf(device, 2 * SIDE)).toEqual(["matmul_quad"]);
    expect(device.tuning.hash).toBe(tuningHash(entries));
    expect(device.tuning.unmeasured).toEqual([]);
    expect(await device.tune()).toBe(false);
  });

  test("of every family gives the default's results", async () => {
    const run = (device: Device) =>
      withDevice(device, () => {
        const ramp = (size: number) =>
          Float32Array.from({ length: size }, (_, i) => ((i * 37) % 64) / 64 - 0.5);
        const compiled = compile((x: Tensor, w: Tensor, b: Tensor) => {
          const y = conv2d(x, w, b); // [2, 8, 4, 4]
          return [y, sum(w, 0), sum(x, [2, 3])];
        });
        const host = (shape: number[]) => ({ data: ramp(shape.reduce((n, s) => n * s, 1)), shape });
        const results = compiled(
          host([2, 4, 4, 4]) as never,
          host([8, 4, 1, 1]) as never,
          host([8]) as never,
        );
        return Promise.all(results.map((t) => t.data())).then((values) => ({
          values,
          kernels: compiled.programs[0]!.dispatches.map((d) => d.kernel),
        }));
      });
    const device = await open({
      tuning: tuningTable({
        "conv2d.forward": { "n2 c4 o8 4x4 k1x1": "pointwise" },
        reduce: { "columns 4 of 8": "lanes 1 splits 2", "rows 8 of 16": "lanes 4 splits 1" },
      }),
    });
    const [want, got] = [await run(plain), await run(device)];
    expect(got.kernels).not.toEqual(want.kernels);
    expect(got.kernels.filter((k) => k.startsWith("matmul"))).toHaveLength(1);
    expect(got.kernels.length).toBe(want.kernels.length + 1); // a further stage of a sum; the bias is the product's epilogue
    want.values.forEach((values, i) => {
      expect(got.values[i]!.length).toBe(values.length);
      for (const [at, v] of values.entries()) expect(got.values[i]![at]).toBeCloseTo(v, 5);
    });
  });

  test("implicit GEMM takes bias, residual and activation into its epilogue", async () => {
    const run = async (device: Device) => {
      const generator = new Generator(3);
      const random = (...shape: number[]) => randn(shape, { device, generator });
      const compiled = compile((x: Tensor, w: Tensor, b: Tensor, r: Tensor) =>
        relu(addTo(conv2d(x, w, b, { padding: 1 }), r)),
      );
      const y = withDevice(device, () =>
        compiled(random(2, 4, 5, 6), random(8, 4, 3, 3), random(8), random(2, 8, 5, 6)),
      );
      return { values: await y.data(), kernels: compiled.programs[0]!.dispatches.map((d) => d.kernel) };
    };
    const tuning = tuningTable({
      "conv2d.forward": { "n2 c4 o8 8x8 k3x3 odd": "implicit" },
    });
    const [want, got] = [await run(plain), await run(await open({ tuning }))];
    expect(got.kernels).toEqual(["conv2d_implicit"]);
    for (const [at, v] of want.values.entries()) expect(got.values[at]).toBeCloseTo(v, 4);
  });

  test("on a GPU it is the default of dense convolutions, and runs all their passes", () => {
    const gpu = { adapter: { software: false }, features: new Set(["subgroups"]) } as unknown as Device;
    const variants = (c: number, o: number, options: Conv2dOptions = {}) => {
      const shape = [o, c / (options.groups ?? 1), 3, 3];
      const g = convGeometry("conv2d", [8, c, 14, 14], shape, { padding: 1, ...options });
      return (["forward", "dataGradient", "weightGradient"] as const).map((p) => defaultVariant(p, g, gpu));
    };
    expect(variants(64, 64)).toEqual(["implicit", "implicit", "implicit"]);
    expect(variants(64, 64, { stride: 2 })).toEqual(["implicit", "direct", "implicit"]);
    expect(variants(3, 64)).toEqual(["quad", "direct", "quad"]);
    expect(variants(64, 64, { groups: 64 })).toEqual(["depthwise", "depthwise", "depthwise"]);
  });

  test("teams and tiles that no default takes give the default's results", async () => {
    const run = async (device: Device) => {
      const data = await withDevice(device, () => {
        const generator = new Generator(7);
        const random = (...shape: number[]) => {
          const t = randn(shape, { device, generator });
          t.requiresGrad = true;
          return t;
        };
        const [x, wide, weight, bias] = [random(6, 10), random(2, 8, 20), random(10), random(10)];
        const labels = zeros([6], { dtype: "i32", device });
        const [sequence, weightIh, weightHh] = [random(3, 5, 4), random(32, 4), random(32, 8)];
        const outs = [
          softmax(x),
          softmax(wide, 1),
          crossEntropy(x, labels, { reduction: "none" }),
          layerNorm(x, 10, weight, bias),
          ...lstm(sequence, { weightIh, weightHh }).slice(0, 2),
        ];
        const loss = outs.map((y) => sum(mul(y, y))).reduce((a, b) => addTo(a, b));
        const ins = [x, wide, weight, bias, sequence, weightIh, weightHh];
        return Promise.all([...outs, ...grad(loss, ins)].map((t) => t!.data()));
      });
      return data.map((d) => Float32Array.from(d));
    };
    const teams = { "rows 8 of 16 odd": "lanes 4 threads 8", "columns 64 of 8": "lanes 2 threads 4" };
    const sums = { "rows 8 of 16 odd": "lanes 4 threads 16 rows 2" };
    const tiles = { "gates4 b8 h8": "rows 2 threads 4" };
    const device = await open({
      tuning: tuningTable({
        "softmax.forward": teams,
        "softmax.backward": teams,
        "softmax.losses": teams,
        "layerNorm.forward": teams,
        "layerNorm.sums": sums,
        "recurrent.forward": tiles,
        "recurrent.backward": tiles,
      }),
    });
    const asked = vi.spyOn(device.tuning, "choose");
    const [want, got] = [await run(plain), await run(device)];
    const taken = asked.mock.results.filter((r) => /^(lanes|rows) /.test(String(r.value)));
    expect(new Set(taken.map((r) => r.value))).toEqual(
      new Set([...Object.values({ ...teams }), sums["rows 8 of 16 odd"], tiles["gates4 b8 h8"]]),
    );
    want.forEach((values, i) => {
      for (const [at, v] of values.entries()) expect(got[i]![at], `result ${i}`).toBeCloseTo(v, 4);
    });
  });

  test.each([
    [
      { matmull: {} },
      OptionError,
      /tuning: the family must be one of matmul, conv2d.forward, .*reduce, got matmull$/,
    ],
    [
      { matmul: { [CLASS]: "quad 5x8" } },
      OptionError,
      /tuning: the variant of matmul must be naive, tiled, .*got quad 5x8$/,
    ],
    [
      { "conv2d.forward": { x: "fft" } },
      OptionError,
      /must be depthwise, implicit, quad, direct, pointwise, winograd, naive, got fft$/,
    ],
    [{ "attention.keys": { x: "whole 4" } }, OptionError, /variant of attention.keys must be alone/],
    [{ reduce: { x: "lanes 3 splits 1" } }, OptionError, /variant of reduce must be `lanes L splits S`/],
    [
      { "softmax.forward": { x: "lanes 8 threads 4" } },
      OptionError,
      /must be lanes L threads T .*whole teams/,
    ],
    [{ "layerNorm.sums": { x: "lanes 1 threads 8" } }, OptionError, /then rows R \(1, 2 or 4\), got lanes 1/],
    [
      { "recurrent.forward": { x: "rows 3 threads 8" } },
      OptionError,
      /must be rows R threads T .*got rows 3/,
    ],
  ])("OptionError for %j", async (entries, type, message) => {
    const asked = requestDevice({ tuning: tuningTable(entries as unknown as TuningEntries) });
    await expect(asked).rejects.toThrow(type);
    await expect(asked).rejects.toThrow(message);
  });

  test("of another adapter, malformed, or with autotune: refused", async () => {
    const foreign = requestDevice({ tuning: tuningTable({}, "acme gpu") });
    await expect(foreign).rejects.toThrow(OptionError);
    await expect(foreign).rejects.toThrow(
      /tuning was measured on acme gpu, this is .*; with adapter: null it is taken for any$/,
    );
    await expect(requestDevice({ tuning: {} as never })).rejects.toThrow(FormatError);
    await expect(requestDevice({ tuning: tuningTable({}), autotune: true })).rejects.toThrow(
      /tuning pins a table and autotune measures one: give one of them$/,
    );
    await (await open({ tuning: tuningTable({}, adapterKey(plain.adapter)) })).settle();
  });
});

describe("trial", () => {
  /** Runs of made-up length: a clock that each one moves on. `noise`: of every run, by how much it may last longer, or less. */
  const contest = (costs: Record<string, number>, noise = 0, seed = 1) => {
    let [ms, state] = [0, seed];
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const [a, b] = [rand([64], { device: plain }), rand([64], { device: plain })];
    const run = (cost: number) => () => {
      ms += cost * (1 + noise * (2 * random() - 1));
      return [add(a, b)];
    };
    const { own, ...others } = costs;
    const rivals = Object.fromEntries(Object.entries(others).map(([name, cost]) => [name, run(cost)]));
    const trial: Trial = { device: plain, default: run(own!), rivals };
    return { trial, a, now: () => ms };
  };

  test("a rival that is clearly faster wins; slow, wrong and failing ones do not", async () => {
    const { trial, a, now } = contest({ own: 8, fast: 4, faster: 3, slow: 40 });
    const wrong = () => [add(a, a)];
    const failing = () => {
      throw new OptionError("not on this adapter");
    };
    const verdict = await runTrial(
      { ...trial, rivals: { wrong, ...trial.rivals, failing } },
      { rounds: 5, now },
    );
    expect(verdict).toMatchObject({ variant: "faster", gain: 8 / 3, defaultMs: 8 });
    expect(Object.keys(verdict.refused).sort()).toEqual(["failing", "wrong"]);
    expect(verdict.refused.failing).toBe("not on this adapter");
    expect(verdict.refused.wrong).toMatch(/^result 0 differs from the default's by /);
    expect(Object.keys(verdict.looks).sort()).toEqual(["default", "fast", "faster"]);
  });

  test("less than the margin ahead: the default", async () => {
    const { trial, now } = contest({ own: 8, hardly: 7.8, even: 8 });
    expect(await runTrial(trial, { now })).toMatchObject({ variant: "default", gain: 1 });
  });

  test("noise of half a run: no winner among equals, and one that is half as long wins", async () => {
    const equals = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`equal ${i}`, 8]));
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const even = contest({ own: 8, ...equals }, 0.5, seed);
      expect((await runTrial(even.trial, { now: even.now })).variant).toBe("default");
      const uneven = contest({ own: 8, ...equals, short: 4 }, 0.5, seed);
      expect((await runTrial(uneven.trial, { now: uneven.now })).variant).toBe("short");
    }
  });

  test("real variants: none is refused", async () => {
    const met: MetClass[] = [
      { family: "conv2d.forward", shapeClass: "1x1", shape: convGeometry("t", [2, 8, 6, 6], [8, 8, 1, 1]) },
      {
        family: "conv2d.dataGradient",
        shapeClass: "1x1",
        shape: convGeometry("t", [2, 8, 6, 6], [8, 8, 1, 1]),
      },
      {
        family: "conv2d.weightGradient",
        shapeClass: "1x1",
        shape: convGeometry("t", [2, 8, 6, 6], [8, 8, 1, 1]),
      },
      { family: "reduce", shapeClass: "rows", shape: { k1: 1, r1: 1, k2: 4, r2: 256, inner: 1 } },
      {
        family: "attention.whole",
        shapeClass: "a",
        shape: { b: 1, h: 8, hk: 8, t: 8, s: 8, d: 8, causal: true },
      },
      { family: "softmax.forward", shapeClass: "s", shape: { rows: 12, n: 9, inner: 3 } },
      { family: "softmax.backward", shapeClass: "s", shape: { rows: 12, n: 8, inner: 1 } },
      { family: "softmax.losses", shapeClass: "s", shape: { rows: 12, n: 8, inner: 1 } },
      { family: "layerNorm.forward", shapeClass: "n", shape: { rows: 12, d: 20 } },
      { family: "layerNorm.backward", shapeClass: "n", shape: { rows: 12, d: 21 } },
      { family: "layerNorm.sums", shapeClass: "n", shape: { rows: 12, d: 20 } },
      { family: "recurrent.forward", shapeClass: "r", shape: { gates: 3, batch: 3, hidden: 8 } },
      { family: "recurrent.backward", shapeClass: "r", shape: { gates: 4, batch: 2, hidden: 5 } },
    ].map((m) => ({ ...m, shape: { ...m.shape } }));
    const measured: string[] = [];
    const entries = await measureClasses(plain, met, {
      rounds: 1,
      onMeasured: (m) => {
        expect(m.refused).toEqual({});
        measured.push(m.family);
      },
    });
    expect(Object.keys(entries).sort()).toEqual(met.map((m) => m.family).sort());
    expect(measured).toEqual(met.map((m) => m.family));
    expect(plain.tuning.entries).toEqual({});
    expect(plain.tuning.idle).toBe(true);
  });
});

describe("autotune", () => {
  /** A store that holds `text`. */
  const storeOf = (text: string | null) => {
    const store = { ...inMemory, text, saves: 0, place: () => "the test's store" };
    store.load = async () => store.text;
    store.save = async (_: string, saved: string) => {
      store.text = saved;
      store.saves++;
    };
    return store as typeof store & TuningStore;
  };

  test("prepare measures the classes it meets, once, and records again with what won", async () => {
    const device = await open();
    const asked: string[] = [];
    device.tuning.start(async (_, met) => {
      asked.push(...met.map((m) => `${m.family} ${m.shapeClass}`));
      return { matmul: { [CLASS]: "tiled" } };
    });
    const before = device.tuning.hash;
    await withDevice(device, async () => {
      const [a, b] = [rand([SIDE, SIDE], { device }), rand([SIDE, SIDE], { device })];
      const compiled = compile((x: Tensor, y: Tensor) => matmul(x, y));
      await compiled.prepare(a, b);
      expect(compiled.programs.map((p) => p.dispatches[0]!.kernel)).toEqual(["matmul_tiled"]);
      await compiled.prepare(a, b);
      expect(asked).toEqual([`matmul ${CLASS}`]);
      expect(device.tuning.hash).not.toBe(before);
      // A change of the table makes the next call record anew.
      device.tuning.add({ matmul: { [CLASS]: "naive" } });
      withDevice(device, () => compiled(a, b));
      expect(compiled.programs.at(-1)!.dispatches[0]!.kernel).toBe("matmul_naive");
    });
  });

  test("what is measured is kept, and the next device measures nothing", async () => {
    const store = storeOf(null);
    const device = await open();
    await beginAutotune(device, store);
    const total = (on: Device) => withDevice(on, () => sum(rand([64, 512], { device: on }), 1));
    total(device);
    expect(device.tuning.unmeasured.map((m) => m.shapeClass)).toEqual(["rows 64 of 512"]);
    expect(await device.tune()).toBe(true);
    expect(store.saves).toBe(1);
    const kept = parseTuningTable("store", store.text!);
    expect(kept.adapter).toBe(adapterKey(device.adapter));
    expect(Object.keys(kept.entries.reduce!)).toEqual(["rows 64 of 512"]);
    const next = await open();
    await beginAutotune(next, store);
    total(next);
    expect(next.tuning.unmeasured).toEqual([]);
    expect(await next.tune()).toBe(false);
    expect(next.tuning.hash).toBe(device.tuning.hash);
  });

  test.each([
    ["damaged", '{"format"', /the default kernels are used: the test's store: is not JSON$/],
    ["of another adapter", tuningText(tuningTable({}, "acme")), /was measured on acme, this is /],
    [
      "with a variant that there is not",
      tuningText(tuningTable({ matmul: { [CLASS]: "fastest" } }, adapterKeyOfTests())),
      /the variant of matmul must be .*got fastest$/,
    ],
  ])("a stored table %s: a word, and the defaults", async (_, text, message) => {
    const lines: string[] = [];
    const device = await open();
    await beginAutotune(device, storeOf(text.replace("ADAPTER", adapterKey(device.adapter))), (line) =>
      lines.push(line),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(message);
    expect(device.tuning.entries).toEqual({});
    expect(kernelsOf(device)).toEqual(["matmul_quad"]);
  });

  test("a table of older defaults is measured anew, without a word", async () => {
    const device = await open();
    const old = { ...tuningTable({ matmul: { [CLASS]: "tiled" } }, adapterKey(device.adapter)), defaults: 0 };
    const warn = vi.fn();
    await beginAutotune(device, storeOf(JSON.stringify(old)), warn);
    expect(warn).not.toHaveBeenCalled();
    expect(device.tuning.entries).toEqual({});
  });

  test("a store that cannot be written to: a word, and the table lives on", async () => {
    const device = await open();
    const warn = vi.fn();
    const full: TuningStore = { ...inMemory, save: () => Promise.reject(new Error("the disk is full")) };
    await beginAutotune(device, full, warn);
    withDevice(device, () => sum(rand([8, 64], { device }), 1));
    expect(await device.tune()).toBe(true);
    expect(warn).toHaveBeenCalledExactlyOnceWith("wgrad: the tuning table is not kept: the disk is full");
    expect(device.tuning.entries.reduce).toBeDefined();
  });
});

function adapterKeyOfTests(): string {
  return "ADAPTER";
}

describe("files under Node", () => {
  test("the cache folder of each system", () => {
    const machine = (platform: string, env: Record<string, string> = {}) =>
      cacheFolder({ platform, arch: "x64", env, home: join("/", "h"), root: "" });
    expect(machine("linux")).toBe(join("/", "h", ".cache"));
    expect(machine("linux", { XDG_CACHE_HOME: "/x" })).toBe("/x");
    expect(machine("darwin")).toBe(join("/", "h", "Library", "Caches"));
    expect(machine("win32", { LOCALAPPDATA: "L" })).toBe("L");
  });

  test("entries are added to what is there; requestDevice({ autotune }) reads them", async () => {
    vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
    await keepEntries(plain, tuningFiles(), { matmul: { [CLASS]: "tiled" } });
    const file = await keepEntries(plain, tuningFiles(), { reduce: { "rows 1 of 2": "default" } });
    const table = parseTuningTable(file, readFileSync(file, "utf8"));
    expect(table.entries).toEqual({ matmul: { [CLASS]: "tiled" }, reduce: { "rows 1 of 2": "default" } });
    const device = await open({ autotune: true });
    expect(kernelsOf(device)).toEqual(["matmul_tiled"]);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    writeFileSync(file, "damaged");
    expect(kernelsOf(await open({ autotune: true }))).toEqual(["matmul_quad"]);
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]![0]).toContain(`${file}: is not JSON`);
    warn.mockRestore();
  });

  test("wgrad tune measures a step's classes and keeps them", async () => {
    vi.stubEnv("XDG_CACHE_HOME", join(folder, "tuned"));
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const json = join(folder, "tune.json");
    await tune(["lenet"], { only: "conv2d.forward", rounds: 1, json });
    log.mockRestore();
    const report = JSON.parse(readFileSync(json, "utf8"));
    expect(report.hash).toBe(tuningHash(report.table.entries));
    expect(report.measured.length).toBeGreaterThan(0);
    expect(report.measured.every((m: { family: string }) => m.family === "conv2d.forward")).toBe(true);
    const [file] = readdirSync(join(folder, "tuned", "wgrad", "tuning"));
    const kept = parseTuningTable(
      file!,
      readFileSync(join(folder, "tuned", "wgrad", "tuning", file!), "utf8"),
    );
    expect(kept).toEqual(report.table);
    await expect(tune(["gtp"], {})).rejects.toThrow(/tune: step must be one of .*, got gtp$/);
    await expect(tune(["mlp"], { only: "conv3d" })).rejects.toThrow(
      /--only: none of the classes of mlp holds conv3d/,
    );
  });

  test("MATMUL's candidates are names it knows", () => {
    const shape = { m: 64, n: 64, k: 512, batches: 1, transA: false, transB: true };
    const names = MATMUL.candidates(shape, plain);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !MATMUL.knows(name))).toEqual([]);
  });
});
