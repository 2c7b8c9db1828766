// What a replayed dispatch costs in JavaScript: the time inside the call of a compiled function over the dispatches it replays,
// waiting left out, and `queue.submit` apart: there the browser hands all over to another process, and with few cores that one
// begins at once in its place. The kernels are as small as they get.
import type { Device } from "../src/gpu/device.ts";
import { batchedMatmul } from "../src/kernels/matmul.ts";
import { compile } from "../src/tensor/compile.ts";
import { scope } from "../src/tensor/scope.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { median } from "./measure.ts";
import { operand } from "./products.ts";

export interface Replay {
  /** Microseconds of JavaScript, mean. */
  readonly us: number;
  /** Median of the calls: what it is while nothing else has the processor. */
  readonly medianUs: number;
  /** Microseconds of the one submit of a call, median. */
  readonly submitUs: number;
  /** How many dispatches it is the mean of. */
  readonly dispatches: number;
}

const SIDE = 8;
const CHAIN = 1000; // a deep network, so that the one submit of a call is a small part
const TOTAL = 100_000;
const WARM_CALLS = 20; // the engine compiles what is hot

export async function measureReplay(device: Device): Promise<Replay> {
  const [x, w] = [operand([SIDE, SIDE], 1).tensor, operand([SIDE, SIDE], 2, 1 / SIDE).tensor];
  const step = compile((x: Tensor) => {
    let y = x;
    for (let i = 0; i < CHAIN; i++) y = batchedMatmul(y, w); // [8, 8]
    return y;
  });
  const call = () => scope(() => void step(x));
  for (let i = 0; i < WARM_CALLS; i++) call();
  await device.settle();
  const perCall = step.programs[0]!.dispatches.length;
  const us: number[] = []; // by call
  const submits: number[] = [];
  const { queue } = device.gpu;
  const submit = queue.submit.bind(queue);
  let submitting = 0;
  queue.submit = (buffers) => {
    const start = performance.now();
    submit(buffers);
    submitting += performance.now() - start;
  };
  try {
    while (us.length * perCall < TOTAL) {
      submitting = 0;
      const start = performance.now();
      call();
      us.push((1000 * (performance.now() - start - submitting)) / perCall);
      submits.push(1000 * submitting);
      await device.settle();
    }
  } finally {
    queue.submit = submit;
  }
  const mean = us.reduce((a, b) => a + b) / us.length;
  return { us: mean, medianUs: median(us), submitUs: median(submits), dispatches: us.length * perCall };
}
