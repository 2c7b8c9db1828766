// Lets a few pieces of work run at once, in the order they came, or one that needs the device to itself.
export class Gate {
  private running = 0;
  private readonly queue: { readonly weight: number; readonly start: () => void }[] = [];

  constructor(
    private readonly width: number,
    private readonly signal?: AbortSignal,
  ) {}

  /** Runs `work` beside up to `width` - 1 others. Rejects with the signal's reason once that has come. */
  shared<T>(work: () => Promise<T>): Promise<T> {
    return this.run(1, work);
  }

  /** Runs `work` while nothing else of this gate runs. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.run(this.width, work);
  }

  private async run<T>(weight: number, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      this.queue.push({ weight, start });
      this.admit();
    });
    try {
      this.signal?.throwIfAborted();
      return await work();
    } finally {
      this.running -= weight;
      this.admit();
    }
  }

  private admit(): void {
    while (this.queue.length > 0 && this.running + this.queue[0].weight <= this.width) {
      const { weight, start } = this.queue.shift()!;
      this.running += weight;
      start();
    }
  }
}
