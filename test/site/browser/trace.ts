// Tasks of a page's main thread that took long, by the CPU time of the thread: wall time is the scheduler's on a busy machine.
import type { Page } from "puppeteer-core";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** CPU time of the thread, in microseconds. */
  readonly tdur?: number;
  readonly args: {
    readonly name?: string;
    readonly fileName?: string;
    readonly data?: { readonly url?: string; readonly functionName?: string };
  };
}

const CATEGORIES = ["__metadata", "toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"];

/** One line for each task over `ms` while `act` ran. */
export async function longTasks(page: Page, ms: number, act: () => Promise<void>): Promise<string[]> {
  await page.tracing.start({ categories: CATEGORIES });
  await act();
  const bytes = await page.tracing.stop();
  const { traceEvents } = JSON.parse(new TextDecoder().decode(bytes)) as { traceEvents: TraceEvent[] };
  const main = new Set(
    traceEvents
      .filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain")
      .map((e) => `${e.pid} ${e.tid}`),
  );
  const mine = traceEvents.filter((e) => e.ph === "X" && main.has(`${e.pid} ${e.tid}`));
  const tasks = mine.filter((e) => /RunTask$/.test(e.name));
  if (!tasks.some((e) => e.tdur !== undefined)) throw new Error("the trace has no task with a thread time");
  const long = tasks.filter((e) => (e.tdur ?? 0) > 1000 * ms);
  const longest = Math.max(...tasks.map((e) => e.tdur ?? 0)) / 1000;
  console.log(`${tasks.length} tasks of the main thread, the longest ${longest.toFixed(1)} ms`);
  return long.map((task) => `${((task.tdur ?? 0) / 1000).toFixed(1)} ms: ${within(task, mine)}`);
}

/** The largest parts of a task. */
function within(task: TraceEvent, events: readonly TraceEvent[]): string {
  const end = task.ts + (task.dur ?? 0);
  return events
    .filter((e) => e !== task && e.tid === task.tid && e.pid === task.pid && e.ts >= task.ts && e.ts < end)
    .sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0))
    .slice(0, 8)
    .map(
      (e) =>
        `${e.name} ${((e.tdur ?? 0) / 1000).toFixed(1)} ${e.args.data?.functionName ?? ""}${e.args.data?.url ?? e.args.fileName ?? ""}`,
    )
    .join(", ");
}
