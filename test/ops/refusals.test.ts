// Every op of the table refuses a wrong shape, a wrong dtype and an option out of range by a message that names it, or its
// row says why it refuses nothing of the kind.
import { beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { withDevice } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { kindOf } from "../../src/selftest/refusal.ts";
import { refusals } from "../../src/selftest/refusals/index.ts";
import { records } from "../../src/selftest/tables/index.ts";
import { scope } from "../../src/tensor/scope.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

const KINDS = ["shape", "dtype", "option"] as const;

describe.each(KINDS)("wrong %s", (kind) => {
  test("is refused by every op, or a reason is given", () => {
    const silent = records.filter((r) => !r.accepts?.[kind] && !r.errors.some((e) => kindOf(e) === kind));
    expect(silent.map((r) => r.name)).toEqual([]);
  });

  test("no reason is out of date", () => {
    const stale = records.filter((r) => r.accepts?.[kind] && r.errors.some((e) => kindOf(e) === kind));
    expect(stale.map((r) => r.name)).toEqual([]);
  });

  test("reasons are words", () => {
    for (const r of records) if (r.accepts?.[kind]) expect(r.accepts[kind], r.name).toMatch(/\w+ \w+/);
  });
});

test("every line is of an op", () => {
  const names = new Set(records.map((r) => r.name));
  expect(Object.keys(refusals).filter((name) => !names.has(name))).toEqual([]);
});

test.each(records.map((r) => [r.name, r] as const))("%s", (_, record) => {
  for (const e of record.errors) {
    const refused = () => withDevice(device, () => scope(() => void e.run()));
    expect(refused, e.name).toThrow(e.type);
    expect(refused, e.name).toThrow(e.message);
  }
});
