// Home's run without the engine: the recorded steps, replayed. Its loop and its messages are those of any run (loop.ts, progress.ts);
// what it cannot do, such as another rate or the Inspector, the engine does, which goes on from where this one stands.

import type { HostTensor, Programs } from "../../../src/replay/programs.ts";
import { Batches, piecesOf } from "../batches.ts";
import { layerMaps } from "../layer_maps.ts";
import type { MeterState, Score } from "../meter.ts";
import { type Pictures, pictureOf } from "../pictures.ts";
import type { Events, LayerMaps, PictureRef, RunInfo, RunState } from "../protocol.ts";
import { Loop, type Stepped } from "../run/loop.ts";
import { Reporter } from "../run/progress.ts";
import { LateReads } from "../run/queues.ts";
import type { Carried } from "../run/snapshot.ts";
import { SnapshotDue } from "../run/snapshot_due.ts";
import { type AboutRun, LAYERS, SCORE, SCORE_METER, STEP, STEPS_METER } from "./recordings.ts";

/** What a meter counts on the device. */
const COUNTERS = ["loss", "accuracy"] as const;

export interface ReplayHost {
  readonly programs: Programs;
  readonly pictures: Pictures;
  readonly emit: <E extends keyof Events>(event: E, data: Events[E]) => void;
}

export class ReplayedRun implements Stepped {
  step = 0;
  state: RunState = "paused";
  readonly batch: number;
  readonly stepsPerEpoch: number;
  /** Where another run can go on: nothing of it is on the device any more. */
  snapshot: Carried | null = null;
  /** Whether it was running when it gave up. */
  private goesOn = false;
  private readonly snapshotDue = new SnapshotDue();
  /** Steps that the counters hold. */
  private counted = 0;
  private message: string | null = null;
  private readonly batches: Batches;
  private readonly loop = new Loop(this);
  private readonly reads = new LateReads((error) => this.broken(error));
  private readonly reporter: Reporter;

  /** `failed` hears why the run cannot go on here. */
  constructor(
    private readonly host: ReplayHost,
    private readonly about: AboutRun,
    private readonly failed: (error: unknown) => void,
  ) {
    this.batches = new Batches(host.pictures, about.config);
    this.batch = this.batches.size;
    this.stepsPerEpoch = this.batches.perEpoch;
    this.reporter = new Reporter(
      () => this.report(),
      (progress) => host.emit("progress", progress),
    );
    this.reporter.restart();
    this.reporter.touch();
  }

  get info(): RunInfo {
    return this.about.info;
  }

  get read(): Promise<void> {
    return this.reads.done;
  }

  play(): void {
    if (this.state === "finished" || this.state === "failed") return;
    this.loop.target = this.batches.total;
    const going = this.state === "running" || this.state === "pausing";
    this.state = "running";
    if (!going) this.loop.begin();
    this.reporter.touch();
  }

  async pause(): Promise<void> {
    this.loop.stop();
    if (this.state === "running") {
      this.state = "pausing";
      this.reporter.touch();
    }
    await this.loop.over;
  }

  async reset(): Promise<RunInfo> {
    await this.pause();
    this.reads.drop();
    this.host.programs.reset();
    this.step = 0;
    this.counted = 0;
    this.snapshot = null;
    this.snapshotDue.taken(0);
    this.state = "paused";
    this.reporter.restart();
    this.reporter.touch();
    return this.info;
  }

  /** The layers of now, for one picture. */
  async maps(picture: PictureRef): Promise<LayerMaps> {
    const { programs, pictures } = this.host;
    const { step, info } = this;
    const { pixels } = pictureOf(pictures, picture);
    const table = pictures.standardised;
    const [{ x }] = piecesOf({ images: pixels, labels: new Uint8Array(1), count: 1 }, 1, table);
    // Both behind the same step: nothing is submitted between them.
    const calling = programs.call(LAYERS, x.data) as Promise<{
      outputs: HostTensor[];
      probabilities: HostTensor;
    }>;
    const names = programs.state.filter((name) => /^\d+\.(weight|bias)$/.test(name));
    const [{ outputs, probabilities }, weights] = await Promise.all([calling, programs.read(names)]);
    return layerMaps(info.config.layers, {
      step,
      pixels,
      table,
      outputs,
      probabilities: probabilities.data,
      weights,
    });
  }

  /** It cannot go on here: it stands still until the engine takes over. @param why in words, for the page */
  giveUp(why: string): void {
    if (this.state === "recovering") return;
    this.goesOn = this.state === "running";
    this.loop.stop();
    this.state = "recovering";
    this.message = why;
    this.reporter.touch();
  }

  /** Stops. Where it stands, or stood last if the device is gone (null: step 0), and whether it was running. */
  async leave(): Promise<{ from: Carried | null; goesOn: boolean }> {
    const gaveUp = this.state === "recovering";
    const goesOn = gaveUp ? this.goesOn : this.state === "running";
    await this.pause();
    if (!gaveUp && this.step > 0) this.keep();
    await this.reads.done;
    this.reporter.stop();
    return { from: this.snapshot, goesOn };
  }

  next(): void {
    const { programs } = this.host;
    const { x, y } = this.batches.at(this.step);
    programs.run(STEP, x.data, y.data);
    this.step++;
    this.counted++;
    const { step } = this;
    if (step % this.about.every === 0) this.addPoint();
    if (step % this.stepsPerEpoch === 0)
      this.reads.add(this.score(), (score) => this.reporter.validated({ step, ...score }));
    if (this.snapshotDue.is(step)) this.keep();
    this.reporter.touch();
  }

  pace(): Promise<void> {
    return this.host.programs.pace();
  }

  arrived(): void {
    if (this.state === "running" || this.state === "pausing")
      this.state = this.step >= this.batches.total ? "finished" : "paused";
    this.reporter.touch();
  }

  /** A lost device, most likely: in any case the engine knows what to do or to say. */
  async broken(error: unknown): Promise<void> {
    this.failed(error);
  }

  private addPoint(): void {
    const { step } = this;
    const lr = this.about.rates[step - 1]!;
    this.reads.add(this.take(STEPS_METER, this.counted * this.batch), (score) =>
      this.reporter.point({ step, ...score, lr }),
    );
    this.counted = 0;
  }

  /** Mean loss and accuracy over the validation part. */
  private score(): Promise<Score> {
    const { programs, pictures } = this.host;
    const { validation, standardised } = pictures;
    const [{ shape } = { shape: [1] }] = programs.inputs(SCORE);
    for (const { x, y } of piecesOf(validation, shape[0]!, standardised)) programs.run(SCORE, x.data, y.data);
    return this.take(SCORE_METER, validation.count);
  }

  /** Means of a meter's counters, as of now; they begin anew. */
  private async take(prefix: string, samples: number): Promise<Score> {
    const reading = this.totals(prefix);
    for (const name of COUNTERS) this.host.programs.write(prefix + name, new Float32Array(1));
    const [loss, accuracy] = await reading;
    return { loss: loss! / samples, accuracy: accuracy! / samples };
  }

  private async totals(prefix: string): Promise<number[]> {
    const read = await this.host.programs.read(COUNTERS.map((name) => prefix + name));
    return [...read.values()].map(({ data }) => data[0]!);
  }

  private keep(): void {
    const { step, counted } = this;
    const { programs } = this.host;
    this.snapshotDue.taken(step);
    const samples = counted * this.batch;
    this.reads.add(programs.read(), (read) => {
      const total = (name: string) => ({ total: read.get(STEPS_METER + name)!.data[0]!, samples });
      const meter: MeterState = { loss: total("loss"), accuracy: total("accuracy") };
      const own = [...read].filter(
        ([name]) => !name.startsWith(STEPS_METER) && !name.startsWith(SCORE_METER),
      );
      this.snapshot = { step, meter, tensors: new Map(own) };
    });
  }

  private report() {
    const { state, step, message, loop, batches } = this;
    const { programs } = this.host;
    const images = state === "running" ? loop.speed.perSecond : 0;
    return {
      ...{ state, step, message, submits: 1, dispatches: programs.dispatches(STEP) },
      imagesPerSecond: images,
      eta: images > 0 ? ((batches.total - step) * batches.size) / images : null,
      gpuBytes: programs.bytes,
    };
  }
}
