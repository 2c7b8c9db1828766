// What happens when a run loses its device: it stops, asks for another one, and goes on from its last snapshot, bit by bit.

import { reportOf } from "../device.ts";
import type { Network } from "../network.ts";
import { Losses, retried } from "./retry.ts";
import type { Run } from "./run.ts";
import { restoreSnapshot } from "./snapshot.ts";

export class Recovery {
  /** Resolves when none is under way. Never rejects. */
  done: Promise<void> = Promise.resolve();
  /** The step to reach afterwards; null: stay paused. Play and pause may change it meanwhile. */
  target: number | null = null;
  private readonly losses = new Losses();

  constructor(private readonly run: Run) {}

  /** Acts when the device of this network is lost while the run is on it. */
  watch(network: Network): void {
    void network.device.lost.then(() => {
      if (this.run.isOn(network)) this.done = this.recover();
    });
  }

  private async recover(): Promise<void> {
    const { run } = this;
    const { loop, records } = run;
    this.target = run.state === "running" ? loop.target : null;
    run.state = "recovering";
    loop.stop();
    records.drop();
    run.say("The GPU device was lost. Asking for a new one.");
    const tooMany = this.losses.add(performance.now());
    if (tooMany !== null) return run.fail(tooMany);
    await loop.still();
    const error = await retried(async () => {
      await run.build();
      restoreSnapshot(run.network, records.snapshot);
    });
    if (error !== null) return run.fail(`The GPU device was lost, and there is no new one: ${error}`);
    const { network } = run;
    if (!run.isOn(network)) return;
    records.back();
    run.standAt(records.snapshot);
    const { step } = run;
    run.host.emit("recovered", { adapter: reportOf(network.device), step });
    this.watch(network);
    if (this.target !== null) run.go(this.target);
    run.say(`The GPU device was lost; the run went on at step ${step} on a new one.`);
  }
}
