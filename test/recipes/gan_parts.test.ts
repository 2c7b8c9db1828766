// What the GAN recipes are made of: the grid of Gaussians and its coverage, the losses, the Gaussian over pixels, sections of
// the page. The recipes themselves: gan_2d.test.ts, gan_digits.test.ts.
import { decode } from "fast-png";
import { beforeAll, describe, expect, test } from "vitest";
import {
  coverage,
  GRID,
  gridModes,
  MODES,
  sampleGrid,
  uniformBlob,
} from "../../src/data/sets/gaussian_grid.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { square } from "../../src/kernels/unary.ts";
import { tensor } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { pixelGaussian } from "../../src/train/baselines/pixel_gaussian.ts";
import {
  fallingRate,
  GAN_LOSSES,
  type GanLoss,
  r1Penalty,
} from "../../src/train/recipes/parts/gan_losses.ts";
import { bytesOf, compose, gridSection } from "../../src/train/report/grid.ts";
import { scatterSection } from "../../src/train/report/scatter.ts";

describe("the grid of Gaussians", () => {
  test("its own samples cover all modes and lie near them", () => {
    const { modes, nearShare } = coverage(sampleGrid(5000, new Generator(1)));
    expect(modes).toBe(25);
    expect(nearShare).toBeGreaterThan(0.998);
  });

  test("a uniform blob covers about 24 modes with about 0.145 of its samples", () => {
    const all = Array.from({ length: 20 }, (_, seed) => coverage(uniformBlob(5000, new Generator(seed))));
    const mean = (of: (c: (typeof all)[0]) => number) => all.reduce((sum, c) => sum + of(c), 0) / all.length;
    expect(mean((c) => c.modes)).toBeCloseTo(24, 0);
    expect(mean((c) => c.nearShare)).toBeCloseTo(0.145, 2);
  });

  test("a mode counts from a tenth of its fair share, a sample within 4 sigma", () => {
    const at = (n: number, x: number, y: number) => Array.from({ length: n }, () => [x, y]).flat();
    // 100 samples: fair are 4, a tenth is 0.4.
    const edge = 4 * GRID.sigma;
    expect(coverage([...at(99, 0, 0), ...at(1, 2 + edge - 1e-9, -2)])).toEqual({ modes: 2, nearShare: 1 });
    expect(coverage([...at(99, 0, 0), ...at(1, 2 + edge + 1e-9, -2)])).toEqual({ modes: 1, nearShare: 0.99 });
    // 1000 samples: a tenth of 40.
    expect(coverage([...at(997, 0, 0), ...at(3, 1, 1)]).modes).toBe(1);
    expect(coverage([...at(996, 0, 0), ...at(4, 1, 1)]).modes).toBe(2);
    expect(coverage([Number.NaN, 0, Number.POSITIVE_INFINITY, 9])).toEqual({ modes: 0, nearShare: 0 });
    expect(() => coverage([])).toThrow(/pairs of coordinates, got 0/);
    expect(() => coverage([1, 2, 3])).toThrow(/got 3 numbers/);
    expect(gridModes()).toHaveLength(2 * MODES);
    expect(coverage(gridModes())).toEqual({ modes: 25, nearShare: 1 });
  });
});

describe("losses", () => {
  beforeAll(async () => {
    await requestDevice();
  });

  // torch 1.13, float64: r = [1.5, -0.5], f = [0.3, -2, 1]; critic, generator.
  test.each([
    ["minimax", 1.3525934454, -0.7648483143],
    ["nonSaturating", 1.3525934454, 0.9981816477],
    ["lsgan", 1.4733333333, 1.5816666667],
    ["hinge", 1.85, 0.2333333333],
    ["wganGp", -0.7333333333, 0.2333333333],
    ["r1", 1.3525934454, 0.9981816477],
  ] as const)("%s", async (name, critic, generator) => {
    const loss: GanLoss = GAN_LOSSES[name];
    const [r, f] = [tensor([1.5, -0.5]), tensor([0.3, -2, 1])];
    expect(await loss.critic(r, f).item()).toBeCloseTo(critic, 5);
    expect(await loss.generator(f).item()).toBeCloseTo(generator, 5);
  });

  test("R1: the mean squared length of the gradient at real samples", async () => {
    const x = tensor([
      [1, 2],
      [3, -1],
    ]);
    x.requiresGrad = true;
    const scores = sum(square(x), 1); // gradient 2 x
    expect(await r1Penalty(scores, x).item()).toBeCloseTo((4 * (1 + 4) + 4 * (9 + 1)) / 2, 5);
  });

  test("the rate holds for half of the run, then falls to 0", () => {
    expect([0, 0.5, 0.75, 1].map(fallingRate)).toEqual([1, 1, 0.5, 0]);
  });
});

test("a Gaussian over pixels has the mean and the covariance of the pictures, and stays in its limits", () => {
  const pictures = [0, 1, 2, 5, 4, 0]; // [3, 2]: mean [2, 2], covariance [[4, -1], [-1, 7]]
  const options = { generator: new Generator(3), low: -100, high: 100 };
  const n = 20_000;
  const x = pixelGaussian(pictures, 2, n, options);
  const mean = [0, 0];
  for (let i = 0; i < 2 * n; i++) mean[i % 2]! += x[i]! / n;
  const product = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [a, b] = [x[2 * i]! - mean[0]!, x[2 * i + 1]! - mean[1]!];
    [a * a, a * b, b * b].forEach((v, k) => {
      product[k]! += v / n;
    });
  }
  expect(mean[0]).toBeCloseTo(2, 1);
  expect(mean[1]).toBeCloseTo(2, 1);
  for (const [k, v] of [4, -1, 7].entries()) expect(Math.abs(product[k]! - v)).toBeLessThan(0.25);
  expect(Math.max(...pixelGaussian(pictures, 2, 100, { ...options, high: 2.5 }))).toBe(2.5);
  expect(() => pixelGaussian([1, 2], 2, 1, options)).toThrow(/m of 2 or more, 2 numbers/);
});

describe("sections", () => {
  test("pictures in rows, a transparent pixel apart", () => {
    const pictures = Uint8Array.from({ length: 3 * 4 }, (_, i) => 10 * i); // 3 of 2x2
    const grid = { title: "t", caption: "c", pictures, width: 2, height: 2, columns: 2 };
    const { width, height, rgba } = compose(grid);
    expect([width, height]).toEqual([5, 5]);
    const grey = Array.from({ length: 25 }, (_, i) => (rgba[4 * i + 3] ? rgba[4 * i] : -1));
    expect(grey).toEqual([
      ...[0, 10, -1, 40, 50],
      ...[20, 30, -1, 60, 70],
      ...[-1, -1, -1, -1, -1],
      ...[80, 90, -1, -1, -1],
      ...[100, 110, -1, -1, -1],
    ]);
    const html = gridSection({ id: "x", title: "<a>", text: "b & c", grids: [grid] });
    expect(html).toContain('<h2 id="x">&lt;a&gt;</h2>');
    const png = decode(Buffer.from(html.match(/base64,([^"]*)"/)![1]!, "base64"));
    expect([png.width, png.height]).toEqual([5, 5]);
    expect(() => compose({ ...grid, pictures: new Uint8Array(5) })).toThrow(/must be \[n, 2, 2\], 5 bytes/);
  });

  test("values of [-1, 1] as bytes", () => {
    expect([...bytesOf([-1, 0, 1, -7, 7, Number.NaN])]).toEqual([0, 128, 255, 0, 255, 0]);
  });

  test("points as dots, those outside or not finite left out, marks behind them", () => {
    const html = scatterSection({
      id: "p",
      title: "points",
      text: "text",
      clouds: [{ title: "<one>", caption: "two & three", points: [0, 0, 1, 1, 5, 0, Number.NaN, 0] }],
      edge: 2,
      marks: { points: [0, 0, 1, 0], radius: 0.5 },
    });
    expect(html.match(/h0/g)).toHaveLength(2);
    expect(html).toContain('d="M150 150h0M225 75h0"'); // y grows upwards
    expect(html.match(/<circle/g)).toHaveLength(2);
    expect(html).toContain('aria-label="&lt;one&gt;: two &amp; three"');
  });
});
