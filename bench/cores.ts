// Time that threads spent on the cores, as Linux counts it: it hardly varies where other programs take turns on the machine, which
// makes wall-clock times useless there. For software adapters, whose GPU is threads of this process.
import { readdirSync, readFileSync } from "node:fs";

const TASKS = "/proc/self/task";

/** Milliseconds of all threads but the one that runs JavaScript, since the process began; null where Linux does not say. */
export function coreTime(): number | null {
  let ns = 0;
  try {
    for (const thread of readdirSync(TASKS)) if (Number(thread) !== process.pid) ns += spent(thread);
  } catch {
    return null;
  }
  return ns / 1e6;
}

function spent(thread: string): number {
  try {
    return Number(readFileSync(`${TASKS}/${thread}/schedstat`, "utf8").split(" ")[0]);
  } catch {
    return 0; // it has ended
  }
}
