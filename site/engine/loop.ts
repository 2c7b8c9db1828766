// The loop of a run: one training step after the other, up to a target. Steps are never awaited one by one, only so many as the
// device has queued (`pace`). Between two steps messages get their turn, and tasks that need the device for themselves.

import { countCalls } from "../../src/gpu/count_calls.ts";
import { Speed } from "./progress.ts";
import { Turns } from "./queues.ts";
import type { Run } from "./run.ts";
import { nextTask } from "./tasks.ts";

/** The loop makes way for messages at least so often. */
const TURN_MS = 12;

export class Loop {
  /** The step to reach. */
  target = 0;
  /** WebGPU calls of a step. */
  calls = { dispatches: 0, submits: 0 };
  /** Resolves when the loop stands still. Never rejects. */
  over: Promise<void> = Promise.resolve();
  readonly turns = new Turns();
  readonly speed = new Speed();
  private lastTurn = 0;

  constructor(private readonly run: Run) {}

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
        await run.records.done;
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
    const { network } = run;
    const batch = network.batchAt(run.step);
    const lr = network.rate;
    // Counted until a program ran at once, not waiting for a shader.
    if (this.calls.submits > 0) network.step(network.compiled, batch);
    else {
      network.device.flush();
      this.calls = countCalls(network.device.gpu, () => network.step(network.compiled, batch));
    }
    run.done(lr);
    await network.device.pace();
    this.speed.mark(run.step * network.batch);
    // Whether to stop is known only with the validation's values; once an epoch the wait costs little.
    if (run.step % network.stepsPerEpoch === 0) await run.records.done;
    if (performance.now() - this.lastTurn > TURN_MS) {
      await nextTask();
      this.lastTurn = performance.now();
    }
  }
}
