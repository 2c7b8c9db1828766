// Where WebGPU's late errors wait until somebody awaits something: no error goes unseen, and each is thrown once.

import { ValidationError } from "./errors.ts";

export class ErrorSink {
  private first: Error | null = null;
  private readonly waiting = new Set<Promise<void>>();

  /** Follows an error scope that has been popped; `describe` makes the typed error. */
  watch(scope: Promise<GPUError | null>, describe?: (error: GPUError) => Error): void {
    this.follow(
      scope.then((error) => {
        if (error) this.report(describe ? describe(error) : new ValidationError(error.message));
      }),
    );
  }

  /** Has `settle` wait for work that may report. If it fails, the device was lost: whoever awaits a read learns it there. */
  follow(work: Promise<void>): void {
    const over = () => {
      this.waiting.delete(done);
    };
    const done = work.then(over, over);
    this.waiting.add(done);
  }

  report(error: Error): void {
    this.first ??= error;
  }

  /** Throws the first error noted since the last call. */
  raise(): void {
    const error = this.first;
    this.first = null;
    if (error) throw error;
  }

  /** Waits for every scope still open, then throws what they found. */
  async settle(): Promise<void> {
    while (this.waiting.size > 0) await Promise.all([...this.waiting]);
    this.raise();
  }
}
