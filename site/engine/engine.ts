// What answers the calls of protocol.ts. Calls that make or end a run go one after the other; all others wait for those before them.

import { DeviceLostError, UsageError } from "../../src/gpu/errors.ts";
import { Devices, type OpenDevice, openedBy, reportOf } from "./device.ts";
import { checkOwn, mnistPictures, ownPictures, type Pictures, type ReadDigits } from "./pictures.ts";
import type { Events, MethodName, Methods, OwnPictures, RunConfig, RunInfo } from "./protocol.ts";
import type { HandedOver } from "./replay/light.ts";
import { Run } from "./run/run.ts";
import type { Carried } from "./run/snapshot.ts";
import { Views } from "./views.ts";

export interface EngineHost {
  readonly openDevice: OpenDevice;
  readonly readDigits: ReadDigits;
  readonly emit: <E extends keyof Events>(event: E, data: Events[E]) => void;
}

type Answers = {
  readonly [M in MethodName]: (
    ...args: Parameters<Methods[M]>
  ) => ReturnType<Methods[M]> | Promise<ReturnType<Methods[M]>>;
};

/** Those that wait for each other. */
const IN_TURN: ReadonlySet<MethodName> = new Set(["open", "own", "start", "reset", "bench"]);

export class Engine {
  readonly devices: Devices;
  private mnist: Promise<Pictures> | null = null;
  private dropped: OwnPictures | null = null;
  private views: Views | null = null;
  private roofs: Run["roofs"] = null;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly host: EngineHost) {
    this.devices = new Devices(host.openDevice);
  }

  /** Rejects with what went wrong. */
  async call(method: string, args: readonly unknown[]): Promise<unknown> {
    if (!Object.hasOwn(this.answers, method))
      throw new UsageError(`the engine has no method ${String(method)}`);
    const name = method as MethodName;
    const answer = this.answers[name] as (...args: readonly unknown[]) => unknown;
    const before = this.turn;
    const mine = before.then(() => this.patiently(async () => answer(...args)));
    if (IN_TURN.has(name)) this.turn = mine.catch(() => {});
    return mine;
  }

  /** The run there is. Throws UsageError without one. */
  get run(): Run {
    return this.open.run;
  }

  private get open(): Views {
    if (!this.views) throw new UsageError("there is no run yet");
    return this.views;
  }

  private readonly answers: Answers = {
    open: () => openedBy(this.devices),
    selfTest: async () => (await import("./self_test/self_test.ts")).selfTest(await this.devices.get()),
    own: (pictures) => {
      checkOwn(pictures);
      this.dropped = pictures;
    },
    start: (config) => this.start(config),
    play: () => this.run.play(),
    pause: () => this.run.pause(),
    step: (count) => this.run.steps(count),
    reset: () => this.run.reset(),
    setRate: (lr) => this.run.setRate(lr),
    kernels: () => this.open.kernels(),
    confusion: () => this.open.confusion(),
    cell: (label, guess) => this.open.cell(label, guess),
    predict: (pixels) => this.open.predict(pixels),
    maps: (picture) => this.open.maps(picture),
    edit: (layer, tensor, index, value) => this.open.edit(layer, tensor, index, value),
    history: () => this.run.history.steps(),
    mapsAt: (picture, step) => this.open.mapsAt(picture, step),
    inspect: async (ref, again) => (await import("./inspect/index.ts")).inspect(this.open, ref, again),
    invocation: async (ref, at) => (await import("./inspect/index.ts")).invocation(this.open, ref, at),
    ladder: async (layer) => (await import("./inspect/index.ts")).ladder(this.open, layer),
    weights: () => this.open.weights(),
    bench: () => this.bench(),
    destroyDevice: () => this.devices.current?.destroy(),
  };

  private async start(config: RunConfig): Promise<RunInfo> {
    const before = this.views?.run;
    this.views = null;
    await before?.close();
    return (await this.begun(config)).info();
  }

  private async begun(config: RunConfig, from?: Carried): Promise<Run> {
    const { devices, host } = this;
    const pictures = await this.picturesOf(config);
    const run = await Run.start(config, { devices, pictures, emit: host.emit }, from);
    run.roofs = this.roofs;
    this.views = new Views(run);
    return run;
  }

  /** Goes on with a run that was replayed so far (replay/light.ts). */
  async takeOver({ config, from, goesOn, lost }: HandedOver): Promise<void> {
    const run = await this.begun(config, from ?? undefined);
    if (lost) this.host.emit("recovered", { adapter: reportOf(run.network.device), step: run.step });
    if (goesOn) run.play();
    if (lost) run.say(`The GPU device was lost; the run went on at step ${run.step} on a new one.`);
  }

  private async picturesOf({ data, seed }: RunConfig): Promise<Pictures> {
    if (data === "own") {
      if (!this.dropped)
        throw new UsageError(
          "own pictures: drop a folder of them on the page first; a link cannot hold them",
        );
      return ownPictures(this.dropped, seed);
    }
    this.mnist ??= this.host.readDigits().then(mnistPictures);
    this.mnist.catch(() => {
      this.mnist = null; // another try may succeed
    });
    return this.mnist;
  }

  /** A run would be timed with the kernels: it rests meanwhile. */
  private async bench(): Promise<ReturnType<Methods["bench"]>> {
    const { bench } = await import("./bench/bench.ts");
    const run = this.views?.run;
    const goesOn = run?.state === "running";
    await run?.pause();
    try {
      const device = await this.devices.get();
      const report = await bench(device, reportOf(device), (row) => this.host.emit("benchRow", row));
      this.roofs = report.roofs;
      if (run) run.roofs = report.roofs;
      return report;
    } finally {
      if (goesOn) run?.play();
    }
  }

  /** What a lost device has spoilt is done again once the run has recovered. */
  private async patiently<T>(answer: () => Promise<T>): Promise<T> {
    try {
      return await answer();
    } catch (error) {
      const run = this.views?.run;
      if (!(error instanceof DeviceLostError) || !run) throw error;
      await run.recovered();
      return answer();
    }
  }
}
