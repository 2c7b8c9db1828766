// The page of the browser tests: what the tests call, on `window.wgradTests`. Nothing from Node.
import { requestDevice } from "../../src/hosts/browser.ts";
import { type SelftestReport, selftest } from "../../src/selftest/index.ts";
import { trainDigits } from "./train.ts";

export interface PageTests {
  /** The op table, or the rows of these names. */
  selftest(only?: readonly string[]): Promise<SelftestReport>;
  /** The losses of the steps. */
  trainDigits(steps: number): Promise<number[]>;
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
};
