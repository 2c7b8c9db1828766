// Kernels divide their work differently on GPUs and on software adapters: to test both, an adapter is passed off as the other.
import { afterAll, beforeAll } from "vitest";
import { currentDevice } from "../../src/gpu/device.ts";

/** For the tests of the `describe` at hand. */
export function planAs(kind: "software" | "hardware"): void {
  let was: boolean;
  const set = (software: boolean) => {
    (currentDevice().adapter as { software: boolean }).software = software;
  };
  beforeAll(() => {
    was = currentDevice().adapter.software;
    set(kind === "software");
  });
  afterAll(() => set(was));
}
