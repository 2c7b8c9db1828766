// What the buttons do with the run.

import { call } from "../../engine/client.ts";
import { info, reset, start } from "../../engine/session.ts";
import { blocked, confusion, differs, kernels, ownIsNew, rate, settings, state } from "./state.ts";

/** A run with the settings on screen, at step 0. */
export async function begin(): Promise<void> {
  try {
    await start(settings.value);
  } catch (error) {
    info.value = null; // the worker has let go of the run before
    throw error;
  }
  ownIsNew.value = false;
}

export async function run(): Promise<void> {
  if (!info.value) await begin();
  else if (state.value === "finished") await reset();
  await call("play");
}

export const pause = (): Promise<void> => call("pause");

export async function beginAndRun(): Promise<void> {
  await begin();
  await call("play");
}

export async function step(): Promise<void> {
  if (!info.value) await begin();
  await call("step", 1);
}

/** To step 0, with the settings on screen where they can be run. */
export const startOver = (): Promise<void> =>
  info.value && (!differs.value || blocked.value !== null) ? reset() : begin();

export async function judge(): Promise<void> {
  confusion.value = await call("confusion");
}

export async function measure(): Promise<void> {
  kernels.value = await call("kernels");
}

/** From the next step on. */
export async function setRate(lr: number): Promise<void> {
  await call("setRate", lr);
  rate.value = lr;
}
