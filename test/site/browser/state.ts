// The state of the site in a page that was opened with `?test`, and waiting for it.
import type { Page } from "puppeteer-core";
import type { SiteState } from "../../../site/frame/test_hook.ts";

const POLL_MS = 200;

export const stateOf = (page: Page): Promise<SiteState> =>
  page.evaluate(
    () => window.wgradSite?.state() ?? { opened: null, progress: null, points: [], validation: [] },
  );

/** Asks from outside, since timers and frames of a hidden page are slowed down. Throws with what was seen last. */
export async function until(
  page: Page,
  what: string,
  holds: (state: SiteState) => boolean,
  ms = 60_000,
): Promise<SiteState> {
  const end = Date.now() + ms;
  for (;;) {
    const state = await stateOf(page);
    if (holds(state)) return state;
    if (Date.now() > end)
      throw new Error(
        `not within ${ms} ms: ${what}; ${JSON.stringify({ opened: state.opened?.ok, progress: state.progress })}`,
      );
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A button by its name, as soon as it is on: `disabled` is not what says so (site/parts/steady_button.tsx). */
export const press = (page: Page, name: string): Promise<void> =>
  page
    .locator(`aria/${name}`)
    .filter((button) => button.ariaDisabled !== "true")
    .click();

export const stepOf = (state: SiteState): number => state.progress?.step ?? 0;

/** The message of a page without a GPU. */
export async function noGpuMessage(page: Page): Promise<{ why: string | null; text: string | null }> {
  const message = await page.waitForSelector("[data-no-gpu]");
  return message!.evaluate((e) => ({ why: e.getAttribute("data-no-gpu"), text: e.textContent }));
}
