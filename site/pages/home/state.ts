// What Home does by itself, in this order: the device, the self-test, and a run where none is on yet, all from recordings, without
// the engine. They are loaded when the browser has nothing else to do: the page stands before.

import { signal } from "@preact/signals";
import { call } from "../../engine/client.ts";
import type { SelfTestRow } from "../../engine/protocol.ts";
import { info, open, opened, reset, sentence, start } from "../../engine/session.ts";
import { route } from "../../frame/route.ts";

export const selfTest = signal<{
  readonly running: boolean;
  readonly rows: readonly SelfTestRow[] | null;
  readonly fault: string | null;
}>({ running: false, rows: null, fault: null });
/** Why the run of the picture could not start or go on. */
export const runFault = signal<string | null>(null);

const MOST_WAIT_MS = 1000;

/** Once the page is drawn and the browser idle, or after a second. */
function idle(): Promise<void> {
  const run = globalThis.requestIdleCallback as typeof requestIdleCallback | undefined; // Safari has none
  return new Promise((resolve) => {
    requestAnimationFrame(() =>
      run ? run(() => resolve(), { timeout: MOST_WAIT_MS }) : setTimeout(resolve, 100),
    );
    setTimeout(resolve, MOST_WAIT_MS); // no frames in a hidden tab
  });
}

let beginning = false;

/** Goes through what is not done yet; a visitor who leaves the page meanwhile gets no run. */
export async function begin(): Promise<void> {
  if (beginning) return;
  beginning = true;
  try {
    if (!opened.value) await idle();
    const { ok } = await open(true);
    if (!ok) return;
    if (!selfTest.value.rows && !selfTest.value.fault) await test();
    const { page, config } = route.value;
    if (page === "home" && !info.value) await tell(() => start(config).then(() => call("play")));
  } finally {
    beginning = false;
  }
}

export async function test(): Promise<void> {
  if (selfTest.value.running) return;
  selfTest.value = { running: true, rows: null, fault: null };
  try {
    selfTest.value = { running: false, rows: await call("selfTest"), fault: null };
  } catch (error) {
    selfTest.value = { running: false, rows: null, fault: sentence(error) };
  }
}

export const pause = () => tell(() => call("pause"));
export const play = () => tell(() => call("play"));
export const again = () => tell(() => reset().then(() => call("play")));

async function tell(task: () => Promise<unknown>): Promise<void> {
  runFault.value = null;
  try {
    await task();
  } catch (error) {
    runFault.value = sentence(error);
  }
}
