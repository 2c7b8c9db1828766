// Waiting for a software adapter under Node without taking a core from it. While any promise of Dawn's is open, its Node
// binding asks for news as fast as it can, by one `setImmediate` after the other, looked up on `globalThis` each time: a core
// kept busy, and 10 kB of garbage a call, on the processor that has to do the computing (measured with two cores: 1.8 times the
// processor time for the same products). From a while after each submit, these calls, and no others, become timers.

/** News within so many milliseconds of a submit are met at once: most reads of small tensors. */
const SPIN_MS = 0.5;
const REST_MS = 1;

type Immediate = typeof globalThis.setImmediate;

let lastSubmit = 0;
let patched: Immediate | null = null;

/** From now on Dawn rests while it waits for work of this queue. Only for software adapters: a GPU does not need the core. */
export function restWhileWaiting(queue: GPUQueue): void {
  const submit = queue.submit.bind(queue);
  queue.submit = (buffers) => {
    lastSubmit = performance.now();
    submit(buffers);
  };
  if (globalThis.setImmediate === patched) return;
  const immediate = globalThis.setImmediate;
  const replaced = (callback: (...args: unknown[]) => void, ...args: unknown[]) =>
    isDawns(callback) && performance.now() - lastSubmit > SPIN_MS
      ? setTimeout(callback, REST_MS, ...args)
      : immediate(callback, ...args);
  patched = Object.assign(replaced, immediate) as unknown as Immediate; // with its promisify symbol
  globalThis.setImmediate = patched;
}

/**
 * Whether a callback is the one of Dawn's binding: nameless, native and with a prototype. Functions of JavaScript are not native,
 * bound ones and those that settle a promise have no prototype, and the methods of native classes have names.
 */
export function isDawns(callback: unknown): boolean {
  return (
    typeof callback === "function" &&
    callback.name === "" &&
    Object.hasOwn(callback, "prototype") &&
    Function.prototype.toString.call(callback) === "function () { [native code] }"
  );
}
