// The page of the browser tests: what the tests call, on `window.wgradTests`. Nothing from Node.
import type { TuningEntries } from "../../src/gpu/tuning_table.ts";
import { requestDevice } from "../../src/hosts/browser.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { type SelftestReport, selftest } from "../../src/selftest/index.ts";
import { rand } from "../../src/tensor/create.ts";
import { trainDigits } from "./train.ts";

export interface PageTests {
  /** The op table, or the rows of these names. */
  selftest(only?: readonly string[]): Promise<SelftestReport>;
  /** The losses of the steps. */
  trainDigits(steps: number): Promise<number[]>;
  /** A device that tunes itself, meets one class, and ends: what its table holds, and whether it had to measure. */
  tuned(): Promise<{ entries: TuningEntries; measured: boolean }>;
}

declare global {
  interface Window {
    wgradTests?: PageTests;
  }
}

const device = await requestDevice();

window.wgradTests = {
  selftest: (only) => selftest({ device, only }),
  trainDigits,
  tuned: async () => {
    const own = await requestDevice({ autotune: true });
    sum(rand([64, 512], { device: own }), 1);
    const measured = await own.tune();
    const { entries } = own.tuning;
    own.destroy();
    return { entries, measured };
  },
};
