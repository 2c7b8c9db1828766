// The Inspector in the page: what it tells of any element adds up, forward and backward, over every layer kind; the WGSL it shows is
// the text that was compiled; the panel is usable by keys and by a screen reader.
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLayers, LAYER_KINDS, parseLayers } from "../../../site/engine/layers.ts";
import type { Arithmetic, ElementRef, Inspection } from "../../../site/engine/protocol.ts";
import { DEFAULT_CONFIG } from "../../../site/frame/hash.ts";
import { Generator } from "../../../src/tensor/philox.ts";
import { violations } from "./axe.ts";
import { chrome, openSite, type Site } from "./open_site.ts";
import { press, stepOf, until } from "./state.ts";
import { longTasks } from "./trace.ts";

const START_MS = 240_000;
const TEST_MS = 180_000;
const LONGEST_TASK_MS = 50;
const PAIRS = 220;
const BATCH = 4;
const LAYERS = parseLayers(
  "conv 4 k3 p1, batchnorm, relu, maxpool 2, conv 6 k3 s2 p1, gelu, avgpool 2, tanh, flatten, dropout 0.25, linear 12, sigmoid, linear 10",
);

let site: Site;
beforeAll(async () => {
  site = await openSite(await chrome());
}, START_MS);
afterAll(() => site?.close());

/** Elements of all outputs and parameters, and of the loss, in turn; places by chance. */
function drawn(): ElementRef[] {
  const draw = new Generator(11);
  const pick = (n: number) => draw.integers(1, 0, n)[0]!;
  const shapes = checkLayers(LAYERS, [1, 28, 28], 10).layers;
  const tensors = shapes.flatMap(({ layer, input, output }, i) => {
    const weight =
      layer.kind === "conv"
        ? [layer.channels, input![0]!, layer.kernel, layer.kernel]
        : layer.kind === "linear"
          ? [layer.features, input![0]!]
          : layer.kind === "batchnorm"
            ? [input![0]!]
            : null;
    return [
      { layer: i, tensor: "output" as const, shape: [BATCH, ...output!] },
      ...(weight ? [{ layer: i, tensor: "weight" as const, shape: weight }] : []),
      ...(weight ? [{ layer: i, tensor: "bias" as const, shape: [weight[0]!] }] : []),
    ];
  });
  return Array.from({ length: PAIRS }, (_, k) => {
    const { layer, tensor, shape } = tensors[k % tensors.length]!;
    return { layer, tensor, index: shape.map((n) => pick(n)) };
  });
}

test(
  `${PAIRS} elements: terms, sums and shaders are true`,
  async () => {
    expect(new Set(LAYERS.map(({ kind }) => kind))).toEqual(new Set(LAYER_KINDS));
    const { page, errors, close } = await site.open("#/train", { search: "?test" });
    await until(page, "the device is open", (s) => s.opened?.ok === true);
    const [worker] = page.workers();
    await worker!.evaluate(() => {
      const own = GPUDevice.prototype.createShaderModule;
      const compiled = new Set<string>();
      Object.assign(globalThis, { compiled });
      GPUDevice.prototype.createShaderModule = function (descriptor) {
        compiled.add(descriptor.code);
        return own.call(this, descriptor);
      };
    });
    const config = { ...DEFAULT_CONFIG, layers: LAYERS, batch: BATCH };
    const found = (await page.evaluate(
      async (config, refs) => {
        const { call } = window.wgradSite!;
        await call("start", config);
        await call("step", 3);
        const all: Inspection[] = [];
        for (const [i, ref] of refs.entries()) all.push(await call("inspect", ref, i > 0));
        return all.map((one) => ({ ...one, picture: null })); // a typed array does not come as one
      },
      config,
      drawn(),
    )) as Inspection[];

    const compiled = await worker!.evaluate(() => [
      ...(globalThis as unknown as { compiled: Set<string> }).compiled,
    ]);
    expect(new Set(found.map(({ step }) => step))).toEqual(new Set([4]));
    for (const one of found) {
      const name = JSON.stringify(one.ref);
      if (one.ref.tensor === "output") expect(one.why, name).not.toBeNull();
      for (const arithmetic of [one.why, one.back]) if (arithmetic) adds(arithmetic, name);
      expect(one.back ?? one.after, name).not.toBeNull();
      for (const { wgsl } of [...one.forward, ...one.backward])
        expect(compiled.includes(wgsl), name).toBe(true);
    }
    expect(found.filter(({ forward }) => forward.length > 0).length).toBeGreaterThan(PAIRS / 3);
    expect(errors).toEqual([]);
    await close();
  },
  TEST_MS,
);

function adds({ value, expected, bound, terms, count, steps, combine }: Arithmetic, name: string): void {
  expect(Math.abs(value - expected), name).toBeLessThanOrEqual(bound);
  for (const { factors, value: term } of terms) {
    const product = factors.reduce((p, f) => p * f.value, 1);
    if (combine === "sum")
      expect(Math.abs(product - term), name).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(term)));
  }
  if (terms.length === count && steps.length > 0 && combine === "sum") {
    const sum = terms.reduce((s, t) => s + t.value, 0);
    const near = steps.some((step) => Math.abs(step.value - sum) <= 1e-9 * (1 + Math.abs(sum)));
    expect(near, `${name}: the sum of the terms is one of the steps`).toBe(true);
  }
}

test(
  "the panel: opened by Enter on a map, five tabs by arrow keys, closed by Escape, nothing for axe to find",
  async () => {
    const { page, errors, close } = await site.open("#/microscope", { search: "?test" });
    await until(page, "the device is open", (s) => s.opened?.ok === true);
    await press(page, "Step");
    await until(page, "a step", (s) => stepOf(s) >= 1 && s.progress?.state === "paused");
    const map = await page.waitForSelector('canvas[tabindex="0"]');
    await map!.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForSelector('[role="tab"]', { timeout: 60_000 });
    const tabs = await page.$$eval('[role="tab"]', (all) => all.map((tab) => tab.textContent?.trim()));
    expect(tabs).toEqual(["Value", "Why", "Back", "Shader", "Cost"]);
    for (const name of tabs.slice(1)) {
      await page.focus('[role="tab"][aria-selected="true"]');
      await page.keyboard.press("ArrowRight");
      await page.waitForFunction(
        (name) => document.querySelector('[role="tab"][aria-selected="true"]')?.textContent?.trim() === name,
        {},
        name,
      );
    }
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => document.querySelector('[role="tab"]') === null);
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("CANVAS");
    expect(errors).toEqual([]);
    await close();
  },
  TEST_MS,
);

test(
  "the stepper: a worker of its own from the first click on, a main thread that is free, the GPU's number at the end",
  async () => {
    const { page, errors, close } = await site.open("#/microscope", { search: "?test" });
    await until(page, "the device is open", (s) => s.opened?.ok === true);
    await press(page, "Step");
    await until(page, "a step", (s) => stepOf(s) >= 1 && s.progress?.state === "paused");
    const map = await page.waitForSelector('.layers canvas[tabindex="0"]');
    await map!.focus();
    await page.keyboard.press("Enter");
    await (await page.waitForSelector("#inspector-tab-Shader", { timeout: 60_000 }))!.click();
    await page.waitForSelector(".stepper .wgsl");
    // The service worker fetches everything, for later.
    const asked = site.server.served.filter(({ referrer }) => !referrer.endsWith("offline_worker.js"));
    expect(asked.filter(({ path }) => /stepper/.test(path))).toEqual([]);
    const says = (words: string) =>
      page.waitForFunction(
        (words) => document.querySelector(".stepper")?.textContent?.includes(words),
        {},
        words,
      );
    const workers = page.workers().length;

    const tasks = await longTasks(page, LONGEST_TASK_MS, async () => {
      await press(page, "Step through the invocation");
      await says("comes next, 0 statements run");
      await press(page, "Step a line");
      await says("comes next, 1 statement run");
      await press(page, "Run to the end");
      await says("It has ended");
    });
    expect(tasks).toEqual([]);
    expect(page.workers().length).toBe(workers + 1);
    const text = await page.$eval(".stepper", (e) => e.textContent ?? "");
    const [, mine, gpu] = /is (\S+); the GPU wrote (\S+)\./.exec(text)!;
    expect(Number(mine)).toBeCloseTo(Number(gpu), 5);
    expect(await violations(page)).toEqual([]);

    await press(page, "Start again");
    await says("comes next, 0 statements run");
    const lines = await page.$$eval(".stepper .line code", (all) =>
      all.map((line) => line.textContent ?? ""),
    );
    const last = lines.findLastIndex((line) => /^ *y\[.* = /.test(line)) + 1;
    const field = '.stepper input[type="number"]';
    await page.type(field, String(lines.length + 1));
    expect(await page.$eval(".stepper form button", (b) => b.ariaDisabled)).toBe("true");
    await page.$eval(field, (input) => input.select());
    await page.type(field, String(last));
    await page.keyboard.press("Enter");
    await says(`Line ${last} comes next`);
    expect(await page.$eval(".stepper .line.now code", (line) => line.textContent)).toBe(lines[last - 1]);

    await page.keyboard.press("Escape");
    await until(page, "the stepper's worker has ended", () => page.workers().length === workers);
    expect(errors).toEqual([]);
    await close();
  },
  TEST_MS,
);

test(
  "the loss: opened behind the last layer, its terms lead to a sample, its outputs back to the layer",
  async () => {
    const { page, errors, close } = await site.open("#/microscope", { search: "?test" });
    await until(page, "the device is open", (s) => s.opened?.ok === true);
    await page.waitForSelector('.layers canvas[tabindex="0"]');
    await press(page, "Inspect the loss");
    const opened = (words: RegExp) =>
      page.waitForFunction(
        (source) => new RegExp(source).test(document.querySelector(".inspector .element")?.textContent ?? ""),
        { timeout: 60_000 },
        words.source,
      );
    await opened(/^loss: mean cross entropy$/);
    await (await page.waitForSelector("#inspector-tab-Why", { timeout: 60_000 }))!.click();
    await page.locator(".inspector .factor button").click();
    await opened(/^loss: log-sum of sample \d+$/);
    await page.locator(".inspector .factor button").click();
    await opened(/^layer \d+, linear 10: output\[\d+,\d+\]$/);
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await close();
  },
  TEST_MS,
);

test(
  "the engine's worker is under the page's policy: it can't ask another origin",
  async () => {
    const { page, close } = await site.open("#/train", { search: "?test" });
    await until(page, "the device is open", (s) => s.opened?.ok === true);
    const [worker] = page.workers();
    const ask = (url: string) =>
      worker!.evaluate(
        (url) =>
          fetch(url, { mode: "no-cors" }).then(
            () => "answered",
            () => "refused",
          ),
        url,
      );
    // The same server under its other name: another origin that would answer.
    const other = page
      .url()
      .replace("127.0.0.1", "localhost")
      .replace(/[?#].*$/, "");
    expect(await ask(other)).toBe("refused");
    expect(await ask(page.url().replace(/[?#].*$/, ""))).toBe("answered");
    await close();
  },
  TEST_MS,
);
