// The loop of a run: one training step after the other, up to a target. Steps are never awaited one by one, only so many as the
// device has queued (`pace`). Between two steps messages get their turn, and tasks that need the device for themselves.

import { Speed } from "./progress.ts";
import { Turns } from "./queues.ts";
import { nextTask } from "./tasks.ts";

/** The loop makes way for messages at least so often. */
const TURN_MS = 12;

/** What the loop moves: a run of the engine, or one that is replayed. */
export interface Stepped {
  /** Steps done. */
  readonly step: number;
  /** Pictures a step, and steps an epoch. */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  /** Runs the next step, counts it, and asks for what is to be read behind it. */
  next(): void;
  /** Waits until the device has few steps before it. */
  pace(): Promise<void>;
  /** Resolves when all that was asked for has been read. */
  readonly read: Promise<void>;
  /** The target is reached, or the loop was stopped. */
  arrived(): void;
  broken(error: unknown): Promise<void>;
}

export class Loop {
  /** The step to reach. */
  target = 0;
  /** Resolves when the loop stands still. Never rejects. */
  over: Promise<void> = Promise.resolve();
  readonly turns = new Turns();
  readonly speed = new Speed();
  private lastTurn = 0;

  constructor(private readonly run: Stepped) {}

  /** No further step is begun. */
  stop(): void {
    this.target = this.run.step;
  }

  /** Steps until the target is reached; it may move meanwhile. */
  begin(): void {
    this.speed.restart();
    this.over = this.toTarget();
  }

  /** Waits for what has begun: after `stop` nothing moves any more. */
  async still(): Promise<void> {
    await this.over;
    await this.turns.current;
  }

  private async toTarget(): Promise<void> {
    const { run, turns } = this;
    try {
      do {
        while (this.due) await this.once();
        await turns.current;
        await run.read;
      } while (this.due);
      run.arrived();
    } catch (error) {
      await run.broken(error);
    }
  }

  private get due(): boolean {
    return this.run.step < this.target;
  }

  private async once(): Promise<void> {
    while (this.turns.current) await this.turns.current;
    if (!this.due) return;
    const { run } = this;
    run.next();
    await run.pace();
    this.speed.mark(run.step * run.batch);
    // Whether to stop is known only with the validation's values; once an epoch the wait costs little.
    if (run.step % run.stepsPerEpoch === 0) await run.read;
    if (performance.now() - this.lastTurn > TURN_MS) {
      await nextTask();
      this.lastTurn = performance.now();
    }
  }
}
