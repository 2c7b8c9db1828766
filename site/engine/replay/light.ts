// Answers what Home asks before anybody has touched it, from recordings (recordings.ts): the device, the self-test, a run with its maps.
// The engine, five times as large, comes with the first call that is not among them, and takes over where the run then stands.

import { type AdapterSummary, requestGpu, summarise } from "../../../src/gpu/adapter_summary.ts";
import { type HostTensor, openPrograms, type Programs } from "../../../src/replay/programs.ts";
import { adapterReport } from "../adapter_report.ts";
import { fetchDigits, mnistPictures } from "../pictures.ts";
import type { Events, MethodName, Methods, Opened, RunConfig } from "../protocol.ts";
import type { Carried } from "../run/snapshot.ts";
import { judged, numbers } from "../self_test/self_test_cases.ts";
import { type AboutRun, type Kind, nameOfRun, nameOfTest } from "./recordings.ts";
import { ReplayedRun } from "./replayed_run.ts";

/** What the engine needs to go on. */
export interface HandedOver {
  readonly config: RunConfig;
  /** Null: from step 0. */
  readonly from: Carried | null;
  readonly goesOn: boolean;
  /** The device was lost: the page must hear of the new one. */
  readonly lost: boolean;
}

export interface LightHost {
  /** The page's own address. */
  readonly base: string;
  readonly emit: <E extends keyof Events>(event: E, data: Events[E]) => void;
  /** The run cannot go on here: the engine is to take over at once. */
  readonly gaveUp: () => void;
}

export class Light {
  private run: ReplayedRun | null = null;

  /** Null where there are no recordings, or no device for them: the engine then says what is wrong. */
  static async open(host: LightHost): Promise<Light | null> {
    const adapter = await navigator.gpu.requestAdapter();
    if (!adapter) return null;
    const summary = summarise(adapter);
    const kind: Kind = summary.software ? "software" : "hardware";
    try {
      const [file, gpu] = await Promise.all([fetched(host.base, nameOfRun(kind)), requestGpu(adapter)]);
      return new Light(host, kind, summary, gpu, await openPrograms(file, gpu));
    } catch {
      return null;
    }
  }

  private constructor(
    private readonly host: LightHost,
    private readonly kind: Kind,
    private readonly adapter: AdapterSummary,
    private readonly gpu: GPUDevice,
    private readonly programs: Programs,
  ) {
    void gpu.lost.then(() => {
      this.lost = true;
      this.giveUp("The GPU device was lost. Asking for a new one.");
    });
  }

  private lost = false;
  private left = false;

  /** A run that fails and its lost device both tell: the engine is asked for twice, and comes once. */
  private giveUp(why: string): void {
    if (this.left) return;
    this.run?.giveUp(why);
    this.host.gaveUp();
  }

  private readonly answers: {
    readonly [M in MethodName]?: (...args: Parameters<Methods[M]>) => unknown;
  } = {
    open: (): Opened => ({ ok: true, adapter: adapterReport(this.gpu, this.adapter) }),
    selfTest: () => this.selfTest(),
    start: () => this.start(),
    play: () => this.run!.play(),
    pause: () => this.run!.pause(),
    reset: () => this.run!.reset(),
    maps: (picture) => this.run!.maps(picture),
    destroyDevice: () => this.gpu.destroy(),
  };

  /** Whether the engine is not needed for this. */
  can(method: MethodName, args: readonly unknown[]): boolean {
    if (method === "start") return sameConfig(args[0], (this.programs.about as AboutRun).config) && !this.run;
    if (method === "open" || method === "selfTest" || method === "destroyDevice") return true;
    return method in this.answers && this.run !== null;
  }

  async call(method: MethodName, args: readonly unknown[]): Promise<unknown> {
    const answer = this.answers[method] as (...args: readonly unknown[]) => unknown;
    return answer(...args);
  }

  /** Ends it: the run stands still and is described, the device goes. Null where there was no run. */
  async leave(): Promise<HandedOver | null> {
    const { run, gpu } = this;
    this.left = true;
    const handed = run && { config: run.info.config, lost: this.lost, ...(await run.leave()) };
    gpu.destroy();
    return handed;
  }

  private async start(): Promise<unknown> {
    const pictures = mnistPictures(await fetchDigits(this.host.base));
    const { programs } = this;
    const world = { programs, pictures, emit: this.host.emit };
    this.run = new ReplayedRun(world, programs.about as AboutRun, (error) =>
      this.giveUp(`${error instanceof Error ? error.message : error}. The engine goes on.`),
    );
    return this.run.info;
  }

  private async selfTest(): Promise<unknown> {
    const file = await fetched(this.host.base, nameOfTest(this.kind));
    const programs = await openPrograms(file, this.gpu);
    try {
      return await judged(numbers(), async (name) => ((await programs.call(name)) as HostTensor).data);
    } finally {
      programs.release();
    }
  }
}

async function fetched(base: string, name: string): Promise<Uint8Array> {
  const response = await fetch(new URL(name, base));
  if (!response.ok) throw new Error(`${name}: the server says ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const sameConfig = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
