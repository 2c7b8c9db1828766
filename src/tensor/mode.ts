// Whether ops are recorded for backward. `noGrad` turns it off for a callback.

import { synchronous } from "./scope.ts";

let enabled = true;

export function gradEnabled(): boolean {
  return enabled;
}

/** Runs `fn` without recording: its results require no gradient. */
export function noGrad<R>(fn: () => R): R {
  return withGrad(false, () => synchronous("noGrad", fn()));
}

/** Runs `fn` with recording on, inside a `noGrad`. */
export function enableGrad<R>(fn: () => R): R {
  return withGrad(true, () => synchronous("enableGrad", fn()));
}

function withGrad<R>(value: boolean, fn: () => R): R {
  const before = enabled;
  enabled = value;
  try {
    return fn();
  } finally {
    enabled = before;
  }
}
