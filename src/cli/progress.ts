// The progress bar of a run: one line that is rewritten on a terminal, a line now and then in a log file.

import { SingleBar } from "cli-progress";
import type { RecipeProgress } from "../train/recipes/index.ts";

/** Seconds between lines where the output is no terminal. */
const LOG_EVERY_S = 15;

export class ProgressLine {
  private bar: SingleBar | null = null;
  private lastLine = 0;

  update(p: RecipeProgress): void {
    const text = describe(p);
    if (!process.stdout.isTTY) {
      const now = performance.now() / 1000;
      if (now - this.lastLine < LOG_EVERY_S) return;
      this.lastLine = now;
      console.log(`step ${p.step}/${p.steps} | ${text}`);
      return;
    }
    if (!this.bar) {
      this.bar = new SingleBar({ format: "{bar} {percentage}% | {text}", hideCursor: true, barsize: 24 });
      this.bar.start(p.steps, p.step, { text });
    } else {
      this.bar.setTotal(p.steps); // a later phase may be longer
      this.bar.update(p.step, { text });
    }
  }

  /** Prints a line above the bar. */
  log(line: string): void {
    if (this.bar) process.stdout.write("\r\x1b[K");
    console.log(line);
  }

  stop(): void {
    this.bar?.stop();
    this.bar = null;
  }
}

function describe(p: RecipeProgress): string {
  const left = Math.max(0, Math.round(p.secondsLeft));
  const values = Object.entries(p.values).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  const rate = p.samplesPerSecond;
  const parts = [
    p.phase,
    p.epochs && `epoch ${p.epoch}/${p.epochs}`,
    ...values,
    `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} samples/s`,
    `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`,
  ];
  return parts.filter(Boolean).join(" | ");
}
