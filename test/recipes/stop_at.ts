// Ctrl-C at a step, for tests of runs that go on from a checkpoint.

import { currentDevice } from "../../src/gpu/device.ts";

/** Runs `body` with a signal that is aborted while step `at` runs, counted from 1. */
export async function stopAt<T>(at: number, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const device = currentDevice();
  const stop = new AbortController();
  const pace = device.pace;
  let steps = 0;
  device.pace = () => {
    if (++steps === at) stop.abort();
    return pace.call(device);
  };
  try {
    return await body(stop.signal);
  } finally {
    device.pace = pace;
  }
}
