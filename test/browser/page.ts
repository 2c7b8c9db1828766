// The page of the browser tests: what the tests call, on `window.wgradTests`. Nothing from Node.
import { requestDevice } from "../../src/hosts/browser.ts";
import { checkTable, type TableReport } from "../../src/selftest/table.ts";
import { trainDigits } from "./train.ts";

export interface PageTests {
  /** The whole op table. */
  checkTable(): Promise<TableReport>;
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
  checkTable: () => checkTable(device),
  trainDigits,
};
