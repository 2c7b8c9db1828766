// What a run writes down on its way: points of the curve, validations, the weights of earlier steps, snapshots. All of it is asked for
// behind a step and comes late, in the order in which it was asked for.

import type { Network } from "../network.ts";
import type { CurvePoint, ValidationPoint } from "../protocol.ts";
import { readTensors } from "../reading.ts";
import { History } from "./history.ts";
import { Patience } from "./patience.ts";
import type { Reporter } from "./progress.ts";
import { LateReads } from "./queues.ts";
import type { Run } from "./run.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";
import { SnapshotDue } from "./snapshot_due.ts";

/** Points of a whole curve, about. */
const CURVE_POINTS = 100;
const MOST_STEPS_A_POINT = 20;

export class Records {
  readonly history = new History();
  /** Where the run can go on after a loss. */
  snapshot!: Snapshot;
  private readonly snapshotDue = new SnapshotDue();
  private readonly reads: LateReads;
  private readonly patience: Patience;

  constructor(
    private readonly run: Run,
    private readonly reporter: Reporter,
  ) {
    this.reads = new LateReads((error) => run.broken(error));
    this.patience = new Patience(run.config.patience);
  }

  /** Resolves when all that was asked for so far has come. */
  get done(): Promise<void> {
    return this.reads.done;
  }

  /** What is on its way will not be used. */
  drop(): void {
    this.reads.drop();
    if (this.snapshot) this.reporter.backTo(this.snapshot.step);
  }

  /** Starts anew at a snapshot. */
  begin(snapshot: Snapshot, { model }: Network): void {
    this.goOnAt(snapshot);
    this.reporter.restart();
    this.patience.clear();
    this.history.clear();
    const names = [...model.stateDict().keys()];
    this.history.put(snapshot.step, new Map(names.map((name) => [name, snapshot.tensors.get(name)!])));
  }

  /** Forgets what came after the last snapshot. */
  back(): void {
    const { snapshot } = this;
    this.goOnAt(snapshot);
    this.reporter.backTo(snapshot.step);
    this.patience.backTo(snapshot.step);
    this.history.backTo(snapshot.step);
  }

  /** Asks for what is wanted behind the step that was counted last. @param lr its rate */
  behind(lr: number): void {
    const { step, network, judge } = this.run;
    if (step % stepsAPoint(network) === 0)
      this.reads.add(network.meter.take(), (score) => this.point({ step, ...score, lr }));
    if (step % network.stepsPerEpoch === 0)
      this.reads.add(judge.score(network.pictures.validation), (score) => this.validated({ step, ...score }));
    if (this.history.wants(step))
      this.reads.add(readTensors(network.model.stateDict()), (weights) => this.history.put(step, weights));
    if (this.snapshotDue.is(step)) this.keep();
  }

  /** Takes a snapshot now. */
  keep(): void {
    const { step, network } = this.run;
    this.snapshotDue.taken(step);
    this.reads.add(takeSnapshot(network, step), (snapshot) => {
      this.snapshot = snapshot;
    });
  }

  private goOnAt(snapshot: Snapshot): void {
    this.reads.drop();
    this.snapshot = snapshot;
    this.snapshotDue.taken(snapshot.step);
  }

  private point(point: CurvePoint): void {
    this.reporter.point(point);
    if (Number.isFinite(point.loss)) return;
    const from = point.step - stepsAPoint(this.run.network) + 1;
    this.run.fail(
      `The loss is no number any more (steps ${from} to ${point.step}): try a lower learning rate.`,
    );
  }

  private validated(point: ValidationPoint): void {
    this.reporter.validated(point);
    const why = this.patience.add(point);
    if (why !== null) this.run.finish(why);
  }
}

/** Steps from one point of the curve to the next: a function of the config, so that curves can be compared. */
export function stepsAPoint({ totalSteps }: Network): number {
  return Math.max(1, Math.min(MOST_STEPS_A_POINT, Math.round(totalSteps / CURVE_POINTS)));
}
