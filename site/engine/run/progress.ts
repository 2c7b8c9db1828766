// What the page is told of a run: at most ten messages a second, each with the points that are new.

import type { CurvePoint, Progress, ValidationPoint } from "../protocol.ts";

const INTERVAL_MS = 100;
/** The speed is that of the last two seconds. */
const SPEED_MS = 2000;
/** The first steps only fill the queue: they are no measure. */
const STEPS_TO_FILL = 4;

type Rest = Omit<Progress, "points" | "validation">;

export class Reporter {
  private points: CurvePoint[] = [];
  private validation: ValidationPoint[] = [];
  private last = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly state: () => Rest,
    private readonly post: (progress: Progress) => void,
  ) {}

  point(point: CurvePoint): void {
    this.points.push(point);
    this.touch();
  }

  validated(point: ValidationPoint): void {
    this.validation.push(point);
    this.touch();
  }

  /** Something has changed: it is said now, or as soon as it may be. */
  touch(): void {
    if (this.timer !== null) return;
    const wait = this.last + INTERVAL_MS - performance.now();
    if (wait <= 0) this.send();
    else this.timer = setTimeout(() => this.send(), wait);
  }

  /** Forgets what was not said yet and lies behind a step that the run went back to. */
  backTo(step: number): void {
    this.points = this.points.filter((p) => p.step <= step);
    this.validation = this.validation.filter((p) => p.step <= step);
  }

  /** Forgets all that was not said yet. */
  clear(): void {
    this.backTo(Number.NEGATIVE_INFINITY);
  }

  /** The run begins anew. The page forgets with the answer to that, so the next message must come behind it. */
  restart(): void {
    this.clear();
    this.last = performance.now();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.clear();
  }

  private send(): void {
    this.timer = null;
    this.last = performance.now();
    const { points, validation } = this;
    this.clear();
    this.post({ ...this.state(), points, validation });
  }
}

/** Pictures a second while the run runs. */
export class Speed {
  private marks: { at: number; images: number }[] = [];
  private waits = STEPS_TO_FILL;

  /** `images` in all, after a step. */
  mark(images: number): void {
    if (this.waits-- > 0) return;
    const at = performance.now();
    this.marks.push({ at, images });
    while (this.marks.length > 2 && this.marks[1]!.at < at - SPEED_MS) this.marks.shift();
  }

  /** The time until now does not count. */
  restart(): void {
    this.marks = [];
    this.waits = STEPS_TO_FILL;
  }

  /** 0 before the second mark. */
  get perSecond(): number {
    const [first, last] = [this.marks[0], this.marks.at(-1)];
    if (!first || !last || last.at === first.at) return 0;
    return ((last.images - first.images) * 1000) / (last.at - first.at);
  }
}
