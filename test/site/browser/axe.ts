// axe-core in a page: violations of WCAG 2.2 A and AA, and of the practices that axe itself recommends.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "puppeteer-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** One line for each violation: rule, what it wants, where. */
export async function violations(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's Content-Security-Policy does not concern.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(source);
  const found = await page.evaluate(async (tags) => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const results: AxeResults = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
    return results.violations.map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes.map((n) => `${n.target.join(" ")} [${n.any.map((c) => c.message).join("; ")}]`).join(" | ")}`,
    );
  }, TAGS);
  return found;
}
