// `npm run bench:site`: what the Train page costs. In one headless Chromium, in turns: a captured step of a preset alone (the Bench page's
// own row), and the same number of steps of a run on the Train page, pictures, counters, curves and messages included.

import type { BenchReport, RunConfig, RunInfo } from "../site/engine/protocol.ts";
import { DEFAULT_CONFIG } from "../site/frame/hash.ts";
import { chrome, openSite } from "../test/site/browser/open_site.ts";

const ROUNDS = 5;
const STEPS = 60;
const ROW = "training step: lenet, batch 64, AdamW";

const site = await openSite(await chrome());
const { page, errors } = await site.open("#/train", { search: "?test" });
await page.waitForFunction(() => window.wgradSite !== undefined);
// Validation at the end of an epoch is no part of the step: the rounds stay within one.
const config: RunConfig = { ...DEFAULT_CONFIG, epochs: 200 };

const alone: number[] = [];
const onPage: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const report = (await page.evaluate(() => window.wgradSite!.call("bench"))) as BenchReport;
  alone.push(report.rows.find(({ name }) => name === ROW)!.medianUs / 1000);
  onPage.push(
    await page.evaluate(
      async (config, steps) => {
        const { call } = window.wgradSite!;
        (await call("start", config)) as RunInfo;
        await call("step", 10); // compiles
        const from = performance.now();
        await call("step", steps);
        return (performance.now() - from) / steps;
      },
      config,
      STEPS,
    ),
  );
  console.log(
    `round ${round + 1}: alone ${alone.at(-1)!.toFixed(1)} ms, on the page ${onPage.at(-1)!.toFixed(1)} ms`,
  );
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const share = median(alone.map((ms, i) => ms / onPage[i]!));
console.log(`${ROW}: ${(100 * share).toFixed(0)} % of the step alone (median of ${ROUNDS} rounds)`);
if (errors.length > 0) console.log(errors.join("\n"));
await site.close();
