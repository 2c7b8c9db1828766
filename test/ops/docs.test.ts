// docs/ops.md says what a run says: its list of ops, and the dtypes and gradients of every fourth, by trying them. Its f16
// column: lavapipe.test.ts, where there is f16. `npm run docs:ops` writes it anew.
import { beforeAll, expect, test } from "vitest";
import { documented, supportOf } from "../../scripts/docs_ops.ts";
import type { Device } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { records } from "../../src/selftest/tables/index.ts";

const EVERY = 4;

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

const names = records.map((r) => r.name);

test("a row for every op of the op table, and no other", () => {
  expect([...documented().keys()].sort()).toEqual([...names].sort());
});

test.each(names.filter((_, i) => i % EVERY === 0))("%s", async (name) => {
  const { dtypes, gradient, doubleGradient } = await supportOf(records.find((r) => r.name === name)!, device);
  expect(documented().get(name)?.slice(0, 3)).toEqual([dtypes.join(", "), gradient, doubleGradient]);
});
