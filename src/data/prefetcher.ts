// Makes the next batches of an epoch in tasks of their own, while the caller awaits the GPU. On the same thread: it
// moves the work into idle time, it does not make it parallel.

export class Prefetcher<T> {
  #made = new Map<string, T>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `make` must depend on epoch and index only; at most `ahead` results are kept. */
  constructor(
    readonly make: (epoch: number, index: number) => T,
    readonly options: { ahead: number; length: number },
  ) {}

  /** Item `index` of `epoch`, made before or now; those after it follow in later tasks. */
  take(epoch: number, index: number): T {
    const key = `${epoch} ${index}`;
    const known = this.#made.has(key);
    const value = known ? this.#made.get(key)! : this.make(epoch, index);
    if (known) this.#made.delete(key);
    else this.clear(); // the caller has jumped: what was made ahead is of elsewhere
    clearTimeout(this.#timer);
    this.#schedule(epoch, index + 1);
    return value;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#made.clear();
  }

  #schedule(epoch: number, from: number): void {
    let index = from;
    while (this.#made.has(`${epoch} ${index}`)) index++;
    if (index >= Math.min(from + this.options.ahead, this.options.length)) return;
    this.#timer = setTimeout(() => {
      try {
        this.#made.set(`${epoch} ${index}`, this.make(epoch, index));
      } catch {
        return; // take() makes it again and throws where the caller can catch it
      }
      this.#schedule(epoch, from);
    }, 0);
  }
}
