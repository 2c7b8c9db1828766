// The HTML report of a run: well-formed, escaped, complete in itself, and standing up to what failed runs hold.

import { decode } from "fast-png";
import { expect, describe as group, it } from "vitest";
import { ShapeError } from "../src/gpu/errors.ts";
import type { EpochReport } from "../src/train/fit.ts";
import { accuracyTiles, type ClassifierParts, classifierSections } from "../src/train/report/classifier.ts";
import { tally, wilson } from "../src/train/report/confusion.ts";
import { describe, judgedEpochs, lossTile, smooth } from "../src/train/report/curves.ts";
import { type Compared, renderReport } from "../src/train/report/report.ts";
import { count, escapeHtml, number, percent } from "../src/train/report/text.ts";

const NBSP = "\u00a0";
const VOID = new Set(["meta", "link", "img", "line", "circle", "rect", "path"]);

/** A classifier's run, as the recipes have it. */
interface Run extends ClassifierParts {
  readonly title: string;
  readonly summary: string;
  readonly facts: Record<string, string | number>;
  readonly curves: Record<"step" | "loss" | "accuracy" | "lr", readonly number[]>;
  readonly epochs?: readonly EpochReport[];
}

function render(run: Run): string {
  const { title, summary, facts, curves, epochs = [], confusion } = run;
  const { step, ...values } = curves;
  return renderReport({
    title,
    summary,
    facts,
    tiles: [...accuracyTiles(confusion), ...lossTile(curves.loss)],
    runs: [{ name: "", step, values, judged: judgedEpochs(epochs) }],
    epochs,
    sections: classifierSections(run),
  });
}

function mistake(width: number, height: number, channels = 1): Run["mistakes"][number] {
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => i % 256);
  return { index: 7, truth: 1, guess: 0, confidence: 0.9, truthProbability: 0.05, width, height, pixels };
}

function run(change: Partial<Run> = {}): Run {
  const step = Array.from({ length: 40 }, (_, i) => 25 * (i + 1));
  return {
    title: "Digits",
    summary: "It learned.",
    facts: { adapter: "software", lr: 0.003, seed: 12345678, weights: "ab".repeat(32) },
    curves: {
      step,
      loss: step.map((s) => 2 * Math.exp(-s / 100) + 0.05),
      accuracy: step.map((s) => 1 - 0.9 * Math.exp(-s / 100)),
      lr: step.map((s) => 1e-3 * (1 - s / 1000)),
    },
    classes: ["zero", "one", "two"],
    confusion: [
      [95, 5, 0],
      [1, 99, 0],
      [0, 0, 0],
    ],
    filters: { data: Float32Array.from({ length: 50 }, (_, i) => (i - 25) / 100), shape: [2, 1, 5, 5] },
    mistakes: [mistake(28, 28), mistake(28, 28)],
    ...change,
  };
}

/** Renders and checks what holds for every page. */
function page(change: Partial<Run> = {}): string {
  const html = render(run(change));
  const body = html.slice(html.indexOf("</style>"));
  expect(body).not.toMatch(/NaN|undefined|Infinity|\[object/);
  expect(html).not.toMatch(/<script|https?:|@import|url\(/i);
  for (const [, source] of html.matchAll(/(?:src|href)="([^"]*)"/g)) expect(source).toMatch(/^data:/);
  expectBalanced(html);
  for (const [, value] of body.matchAll(/ (?:x|y|x1|x2|y1|y2|cx|cy|r|width|height)="([^"]*)"/g)) {
    expect(Number.isFinite(Number(value)), `attribute ${value}`).toBe(true);
    expect(value).not.toBe("");
  }
  for (const [, d] of body.matchAll(/ d="([^"]*)"/g)) expect(d).toMatch(/^[MLZ\d.,-]*$/);
  for (const [, width] of body.matchAll(/ width="([^"]*)"/g)) expect(Number(width)).toBeGreaterThanOrEqual(0);
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map((m) => m[1]);
  expect(new Set(ids).size).toBe(ids.length);
  const named = [...html.matchAll(/aria-(?:labelledby|describedby)="([^"]*)"/g)].map((m) => m[1]);
  expect(ids).toEqual(expect.arrayContaining(named));
  return html;
}

function expectBalanced(html: string): void {
  const open: string[] = [];
  for (const [, close, name, rest] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!VOID.has(name!) && !rest!.endsWith("/")) open.push(name!);
  }
  expect(open).toEqual([]);
}

/** Pictures whose alt text begins so. */
function pictures(html: string, alt: string) {
  const found = [
    ...html.matchAll(/src="data:image\/png;base64,([^"]*)" width="(\d+)" height="(\d+)" alt="([^"]*)"/g),
  ];
  return found
    .filter((m) => m[4]!.startsWith(alt))
    .map((m) => ({ png: decode(Buffer.from(m[1]!, "base64")), width: Number(m[2]), height: Number(m[3]) }));
}

group("renderReport", () => {
  it("has every section, one h1, headings without a missing level, and scopes in its tables", () => {
    const html = page();
    for (const id of ["curves", "classes", "confusion", "filters", "mistakes"]) {
      expect(html).toContain(`<h2 id="${id}">`);
    }
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html.match(/<svg [^>]*role="img" aria-label="[^"]+" aria-describedby="[^"]+"/g)).toHaveLength(3);
    expect(html).not.toMatch(/<th(?![^>]*scope)[ >]/);
    expect(html).toContain("content=\"default-src 'none'; img-src data:");
    expect(html).toContain("prefers-color-scheme: dark");
  });

  it("says the accuracy, the seed and the counts as they are", () => {
    const html = page();
    expect(html).toContain(`<dd>97.00${NBSP}%</dd>`);
    expect(html).toContain("<dd>6</dd>");
    expect(html).toContain("<td>12345678</td>");
    expect(html).toContain('title="zero taken for one: 5 of 100');
    expect(html).toContain("zero as one (5), one as zero (1)");
  });

  it("escapes text wherever it comes from", () => {
    const evil = `"><script>alert('1')</script>&`;
    const html = page({
      title: evil,
      summary: evil,
      facts: { [evil]: evil },
      classes: [evil, `${evil}1`, "\ud800\u0000"],
    });
    expect(html).toContain(escapeHtml(evil));
    expect(html).not.toContain("alert('1')");
    expect(html).not.toMatch(/[\0\ud800](?![\udc00-\udfff])/);
  });

  it("draws each filter as a picture of its own weights, blue below 0 and red above", () => {
    const [first, second] = pictures(page(), "Filter");
    expect([first!.png.width, first!.png.height]).toEqual([5, 5]);
    expect([first!.width, first!.height]).toEqual([60, 60]);
    const [r, , b] = first!.png.data;
    expect(b).toBeGreaterThan(r!);
    const last = second!.png.data.slice(-4);
    expect(last[0]).toBeGreaterThan(last[2]!);
    expect([...second!.png.data.slice(0, 4)]).toEqual([247, 247, 247, 255]); // weight 0: the middle of the map
  });

  it("puts input channels side by side, a transparent pixel apart; weights that are not finite are left out", () => {
    const data = new Float32Array(2 * 3 * 2 * 4).fill(0.1);
    data[0] = Number.NaN;
    data[1] = Number.POSITIVE_INFINITY;
    const html = page({ filters: { data, shape: [2, 3, 2, 4] } });
    const [first] = pictures(html, "Filter 1");
    expect([first!.png.width, first!.png.height]).toEqual([14, 2]);
    const alpha = Array.from({ length: 14 }, (_, x) => first!.png.data[4 * x + 3]);
    expect(alpha).toEqual([0, 0, 255, 255, 0, 255, 255, 255, 255, 0, 255, 255, 255, 255]);
    expect(html).toContain("not finite are left out");
  });

  it("takes many channels and filters, weights all 0 or all lost, and no filter at all", () => {
    const many = page({ filters: { data: new Float32Array(120 * 20 * 9), shape: [120, 20, 3, 3] } });
    expect(pictures(many, "Filter")).toHaveLength(96);
    expect(many).toContain("first 16 channels");
    const lost = page({ filters: { data: new Float32Array(9).fill(Number.NaN), shape: [1, 1, 3, 3] } });
    expect(lost).toContain("no finite weights");
    expect(page({ filters: { data: new Float32Array(0), shape: [0, 1, 3, 3] } })).not.toContain(
      'id="filters"',
    );
  });

  it("keeps the size and the shape of mistakes, grey or in colour", () => {
    const html = page({ mistakes: [mistake(28, 28), mistake(32, 12), mistake(10, 300), mistake(6, 4, 3)] });
    const found = pictures(html, "Sample 7, one, taken for zero");
    const sizes = found.map(({ png }) => [png.width, png.height, png.channels]);
    expect(sizes).toEqual([
      [28, 28, 1],
      [32, 12, 1],
      [10, 300, 1],
      [6, 4, 3],
    ]);
    expect(found.map((f) => [f.width, f.height])).toEqual([
      [84, 84],
      [96, 36],
      [3, 96],
      [96, 64],
    ]);
    expect([...found[3]!.png.data.slice(0, 6)]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("stands without mistakes, without judged samples and without facts", () => {
    const perfect = [
      [3, 0, 0],
      [0, 4, 0],
      [0, 0, 5],
    ];
    expect(page({ mistakes: [], confusion: perfect })).toContain("every sample was judged right");
    expect(page({ mistakes: [] })).toContain("No pictures of the mistakes");
    const nothing = page({ mistakes: [], confusion: perfect.map((r) => r.map(() => 0)), facts: {} });
    expect(nothing).toContain("Nothing was judged");
    expect(page({ classes: [], confusion: [], mistakes: [] })).not.toContain('id="confusion"');
  });

  it("takes probabilities that are not numbers", () => {
    page({
      mistakes: [{ ...mistake(4, 4), confidence: Number.NaN, truthProbability: Number.NaN, guess: 9 }],
    });
  });

  it("lists confusions instead of a matrix for many classes", () => {
    const classes = Array.from({ length: 100 }, (_, i) => `class ${i}`);
    const confusion = classes.map((_, t) =>
      classes.map((_, g) => (t === g ? 50 : Number(g === (t + 1) % 100))),
    );
    const html = page({ classes, confusion });
    expect(html).toContain("most frequent 30 of 100 confusions");
    expect(html).not.toContain('class="matrix"');
    expect(html.length).toBeLessThan(200_000);
  });

  it("leaves gaps in curves, and marks a single value between two gaps", () => {
    const curves = run().curves;
    const loss = curves.loss.map((v, i) => (i === 10 || i === 12 || i > 20 ? Number.NaN : v));
    const html = page({ curves: { ...curves, loss } });
    const path = html.match(/<path class="strong" d="([^"]*)"/)![1]!;
    expect(path.match(/M/g)).toHaveLength(3);
    expect(html).toContain('<circle class="strong"');
    expect(html).toContain("21 of 40 values are not finite");
    expect(html).toContain("<dd>not finite</dd>");
  });

  it("takes no step, one step, constant, huge and lost curves", () => {
    const one = { step: [1], loss: [2.3], accuracy: [0.1], lr: [0.003] };
    expect(page({ curves: one })).toContain("2.3 at step 1, the only value");
    expect(page({ curves: { step: [], loss: [], accuracy: [], lr: [] } })).toContain("no values");
    const step = [0, 1, 2];
    page({ curves: { step, loss: [0, 0, 0], accuracy: [1, 1, 1], lr: [0, 0, 0] } });
    page({ curves: { step, loss: [-1, -1, -1], accuracy: [0, 0, 0], lr: [1e-9, 1e-9, 1e-9] } });
    page({ curves: { step, loss: [1e-30, 1, 1e30], accuracy: [0, 0.5, 1], lr: [1e6, 1e7, 1e8] } });
    const lost = step.map(() => Number.NaN);
    page({ curves: { step, loss: lost, accuracy: lost, lr: lost.map(() => Number.POSITIVE_INFINITY) } });
  });

  it("keeps its size with 200,000 steps, the extremes included", () => {
    const step = Array.from({ length: 200_000 }, (_, i) => i + 1);
    const loss = step.map((s) => (s === 77_777 ? 50 : 1 + 1 / s));
    const html = page({ curves: { step, loss, accuracy: step.map(() => 0.5), lr: step.map(() => 0.1) } });
    expect(html.length).toBeLessThan(150_000);
    // The spike reaches the upper tenth of the drawing.
    const faint = html.match(/<path class="faint" d="([^"]*)"/)![1]!;
    const highest = Math.min(...[...faint.matchAll(/,([\d.]+)/g)].map((m) => Number(m[1])));
    expect(highest).toBeLessThan(25);
  });

  it("shows epochs: marks, validation points and a table", () => {
    const epoch = { trainLoss: 0.3, trainAccuracy: 0.9, loss: 0.2, accuracy: 0.95 };
    const html = page({
      epochs: [
        { ...epoch, epoch: 1, step: 500 },
        { ...epoch, epoch: 2, step: 1000, loss: Number.NaN },
      ],
    });
    expect(html.match(/<circle class="dots"/g)).toHaveLength(3);
    expect(html).toContain("validation accuracy");
    const unjudged = { ...epoch, epoch: 1, step: 500, loss: Number.NaN, accuracy: Number.NaN };
    expect(page({ epochs: [unjudged] })).not.toContain("validation");
  });

  it("refuses parts that do not fit each other", () => {
    const curves = { ...run().curves, lr: [1] };
    expect(() => render(run({ curves }))).toThrow(/curves must have one length, step \[40\].* lr \[1\]/);
    expect(() => render(run({ classes: ["a"] }))).toThrow(/classes \[1\], confusion \[3,/);
    const filters = { data: new Float32Array(9), shape: [1, 1, 3] };
    expect(() => render(run({ filters }))).toThrow(ShapeError);
    const short = { ...mistake(28, 28), pixels: new Uint8Array(5) };
    expect(() => render(run({ mistakes: [short] }))).toThrow(/mistake 7 must be .*5 bytes/);
  });
});

group("several runs", () => {
  const step = [25, 50];
  const runs = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ name: `run ${i}`, step, values: { loss: [2, 1 + i] } }));
  const html = (n: number) => renderReport({ title: "T", summary: "", facts: {}, runs: runs(n) });

  it("are told one by one, each in its colour", () => {
    expect(html(3)).toMatch(/<path class="strong tone2"/);
    expect(html(3)).toContain("run 2: from 2 at step 25 to 3 at step 50.");
  });

  it("are summed up where there are many", () => {
    expect(html(9)).toContain("9 runs; they end between 1 (run 0) and 9 (run 8).");
    expect(html(9)).not.toContain("run 2: from");
  });

  it("are held against baselines in a table", () => {
    const comparison: Compared[] = [
      { name: "this <run>", values: { dice: 0.9, note: "a & b" } },
      { name: "threshold", values: { dice: 0.5 } },
    ];
    const page = renderReport({ title: "T", summary: "", facts: {}, runs: [], comparison });
    expect(page).toContain("this &lt;run&gt;");
    expect(page).toMatch(/threshold<\/th><td>0\.5<\/td><td><\/td>/);
    expect(page).not.toContain('id="curves"');
  });
});

group("parts of the report", () => {
  it("smooths without moving the start, and keeps gaps", () => {
    expect(smooth([1, 2, 3, 4, 5], 1)[2]).toBeCloseTo(3);
    expect(smooth([4, 4, Number.NaN, 4], 2)).toEqual([4, 4, Number.NaN, 4]);
    expect(smooth([5, 6, 7], 0)).toEqual([5, 6, 7]);
    expect(smooth([])).toEqual([]);
    const line = Array.from({ length: 30_000 }, (_, i) => i);
    expect(smooth(line)[15_000]).toBeCloseTo(15_000, -1);
  });

  it("describes a curve in a sentence", () => {
    expect(describe("Loss", [1, 2, 3], [2, 0.5, 1])).toBe(
      "Loss: from 2 at step 1 to 1 at step 3; lowest 0.5 at step 2.",
    );
    expect(describe("Loss", [1, 2], [3, 3])).toBe("Loss: 3 at every step.");
    expect(describe("Loss", [1], [Number.NaN])).toBe("Loss: no values. 1 of 1 values are not finite: gaps.");
  });

  it("tallies a matrix and gives Wilson's interval", () => {
    const tallied = tally([
      [8, 2],
      [1, 9],
    ]);
    expect(tallied).toEqual({ total: 20, right: 17, truths: [10, 10], guesses: [9, 11], hits: [8, 9] });
    // Wilson, 9 of 10: 0.596 to 0.982.
    const [low, high] = wilson(9, 10);
    expect(low).toBeCloseTo(0.5958, 3);
    expect(high).toBeCloseTo(0.9821, 3);
    expect(wilson(10, 10)[1]).toBeCloseTo(1);
  });

  it("writes numbers for people", () => {
    expect(number(0.0000123)).toBe("1.23e−5");
    expect(number(-0.5)).toBe("−0.5");
    expect(number(Number.NaN)).toBe("–");
    expect(count(10000)).toBe("10,000");
    expect(percent(0.98714, 2)).toBe(`98.71${NBSP}%`);
    expect(percent(0.99999, 2)).toBe(`>99.99${NBSP}%`);
    expect(percent(1e-6)).toBe(`<0.1${NBSP}%`);
    expect(percent(0)).toBe(`0.0${NBSP}%`);
    expect(percent(1)).toBe(`100.0${NBSP}%`);
    expect(percent(Number.NaN)).toBe("–");
  });
});
