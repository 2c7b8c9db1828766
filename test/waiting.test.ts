// Under Node a software adapter has the processor to itself while its results are waited for.

import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { requestDevice } from "../src/hosts/node.ts";
import { isDawns, restWhileWaiting } from "../src/hosts/waiting.ts";
import { batchedMatmul } from "../src/kernels/matmul.ts";
import { randn } from "../src/tensor/create.ts";

const immediate = globalThis.setImmediate;
afterEach(() => {
  globalThis.setImmediate = immediate;
});

/** Counts the calls of Dawn's that come by here. */
function counting(under: typeof setImmediate): { calls: number } {
  const counted = { calls: 0 };
  globalThis.setImmediate = ((callback: () => void, ...args: []) => {
    if (isDawns(callback)) counted.calls++;
    return under(callback, ...args);
  }) as typeof setImmediate;
  return counted;
}

describe("waiting", () => {
  test("the binding of Dawn asks for news by the millisecond, not as fast as it can", async () => {
    const spun = counting(immediate);
    const device = await requestDevice({ adapter: "software" });
    const asked = counting(globalThis.setImmediate);
    let y = randn([256, 256]);
    await y.data();
    spun.calls = asked.calls = 0;
    const start = performance.now();
    for (let i = 0; i < 40; i++) y = batchedMatmul(y, y);
    await device.settle();
    const ms = performance.now() - start;
    expect(ms).toBeGreaterThan(20); // else there was nothing to wait for
    expect(asked.calls).toBeGreaterThan(0); // Dawn does ask so
    expect(spun.calls).toBeLessThan(2000); // some 500 in the first half millisecond of each submit; else 500 a millisecond
    expect(asked.calls).toBeLessThan(2000 + 2 * ms);
    device.destroy();
  });

  test("setImmediate is what it was for everybody else", async () => {
    restWhileWaiting({ submit: () => undefined } as unknown as GPUQueue);
    expect(await promisify(setImmediate)("value")).toBe("value");
    const order: string[] = [];
    setTimeout(() => order.push("timer"), 30);
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    order.push("immediates");
    const handle = setImmediate(() => order.push("never"));
    clearImmediate(handle);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(order).toEqual(["immediates", "timer"]);
  });

  test("no function but Dawn's is taken for it", async () => {
    let settle: unknown;
    await new Promise<void>((resolve) => {
      settle = resolve;
      resolve();
    });
    const plain = [() => 1, class {}, settle, Math.max, Map, console.log.bind(console), {}, null];
    for (const f of plain) expect(isDawns(f)).toBe(false);
  });
});
