// Two queues of a run: what must have the device for itself between two steps, and what is read from the device late.

/** Tasks that exclude each other; the loop waits for `current` before a step. */
export class Turns {
  /** Resolves when nothing is left; null while nothing is in turn. Never rejects. */
  current: Promise<void> | null = null;

  run<T>(task: () => Promise<T>): Promise<T> {
    const before = this.current;
    const mine = (async () => {
      await before;
      return task();
    })();
    const over = mine.then(
      () => {},
      () => {},
    );
    this.current = over;
    void over.then(() => {
      if (this.current === over) this.current = null;
    });
    return mine;
  }
}

/** Values on their way, each used in the order in which it was asked for. */
export class LateReads {
  /** Resolves when all that was asked for so far has been used. Never rejects. */
  done: Promise<void> = Promise.resolve();
  private life = 0;

  /** `broken` hears of reads that fail. */
  constructor(private readonly broken: (error: unknown) => Promise<void>) {}

  add<T>(read: Promise<T>, use: (value: T) => void): void {
    const { life } = this;
    read.catch(() => {});
    this.done = this.done.then(async () => {
      try {
        const value = await read;
        if (life === this.life) use(value);
      } catch (error) {
        if (life === this.life) await this.broken(error);
      }
    });
  }

  /** What is on its way will not be used: the run has been reset, or went back. */
  drop(): void {
    this.life++;
  }
}
