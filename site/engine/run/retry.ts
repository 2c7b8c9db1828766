// Getting a device again after a loss: how often, and when to give up.

import { sleep } from "./tasks.ts";

/** Waits before the tries to get a new device. */
const RETRIES_MS = [0, 200, 500, 1000, 2000, 4000];
const MOST_LOSSES = 3;
const WITHIN_MS = 60_000;

/** Null when the task has succeeded, or why it never did. */
export async function retried(task: () => Promise<void>): Promise<string | null> {
  let reason = "";
  for (const ms of RETRIES_MS) {
    await sleep(ms);
    try {
      await task();
      return null;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  return reason;
}

/** A device that is lost again and again is lost to what the run does with it. */
export class Losses {
  private times: number[] = [];

  /** Counts one more; in words, if there were too many within a minute. */
  add(now: number): string | null {
    this.times = [...this.times.filter((at) => now - at < WITHIN_MS), now];
    if (this.times.length <= MOST_LOSSES) return null;
    return `The GPU device was lost ${this.times.length} times within a minute.`;
  }
}
