// THE op table on Mesa's lavapipe: another compiler (LLVM by NIR), subgroups of 8, and f16. Debian 13 and Ubuntu have a Mesa
// that is new enough; Debian 12 has it in bookworm-backports.
import { expect, test } from "vitest";
import { documented, halfCell } from "../../scripts/docs_ops.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { findSoftwareDrivers } from "../../src/hosts/software.ts";
import { failuresOf, summary } from "../../src/selftest/report.ts";
import { selftest } from "../../src/selftest/run.ts";
import { records } from "../../src/selftest/tables/index.ts";

const TIMEOUT_MS = 900_000; // three minutes on two quiet cores

const found = findSoftwareDrivers().some((driver) => driver.kind === "lavapipe");

test.skipIf(!found)(
  found
    ? "every row, and f16"
    : "every row, and f16: skipped, no lavapipe here (apt-get install mesa-vulkan-drivers)",
  async () => {
    const device = await requestDevice({ adapter: "lavapipe" });
    const report = await selftest({ device });
    console.log(summary(report));
    expect(failuresOf(report)).toEqual([]);
    expect(report.ops.length).toBe(records.length);
    expect(device.features.has("shader-f16")).toBe(true);
    const documentedHalf = [...documented()].map(([op, cells]) => [op, cells.at(-1)]);
    expect(Object.fromEntries(report.ops.map((o) => [o.op, halfCell(o)]))).toEqual(
      Object.fromEntries(documentedHalf),
    );
  },
  TIMEOUT_MS,
);
