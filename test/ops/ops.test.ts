// THE op table on Node: every row; that every op has a row; and that the checker finds what is wrong. Other adapters, and
// WebGPU's default limits: lavapipe.test.ts, deno.test.ts, ../browser.
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { ShapeError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { exp, square } from "../../src/kernels/unary.ts";
import { checkRecord, WIDTH } from "../../src/selftest/check.ts";
import { Gate } from "../../src/selftest/gate.ts";
import { map } from "../../src/selftest/nd.ts";
import { type OpRecord, sample } from "../../src/selftest/record.ts";
import { summary } from "../../src/selftest/report.ts";
import { checkOp, type OpReport } from "../../src/selftest/run.ts";
import { records } from "../../src/selftest/tables/index.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import { op } from "../../src/tensor/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { ARRIVING, FUNCTIONS, MODULES } from "./not_ops.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});

describe("every row", () => {
  const ops: OpReport[] = [];
  const gate = new Gate(WIDTH);
  afterAll(() => {
    if (ops.length > 0) console.log(summary({ adapter: device.name, ops }));
  });

  // Concurrent: the pipelines of some rows compile while the references of others are worked out.
  describe.concurrent("", () => {
    test.each(records.map((r) => [r.name, r] as const))("%s", async (_, record) => {
      const report = await checkOp(record, device, gate);
      ops.push(report);
      expect(report.failures).toEqual([]);
      expect(report.cases).toBeGreaterThan(0);
    });
  });

  test("none leaves a tensor behind", () => {
    const labels = device.memory().live.map((l) => l.label);
    expect(labels.filter((label) => label !== "nothing")).toEqual([]);
  });
});

describe("completeness", () => {
  const rows = new Set(records.map((r) => r.name));
  const modules = (folder: string) =>
    readdirSync(new URL(`../../src/${folder}`, import.meta.url))
      .filter((file) => file.endsWith(".ts") && file !== "index.ts")
      .filter((file) => ![...MODULES, ...ARRIVING].some(([pattern]) => pattern.test(file)))
      .map((file) => file.replace(/\.ts$/, ""));

  function missing(file: string, module: Record<string, unknown>): string[] {
    return Object.keys(module)
      .filter((name) => typeof module[name] === "function" && !rows.has(name) && !(name in FUNCTIONS))
      .map((name) => `${file}: ${name}`);
  }

  test("every op has a row in src/selftest/tables, or test/ops/not_ops.ts says why not", async () => {
    const found: string[] = [];
    for (const file of modules("kernels"))
      found.push(...missing(file, await import(`../../src/kernels/${file}.ts`)));
    for (const file of modules("functional"))
      found.push(...missing(file, await import(`../../src/functional/${file}.ts`)));
    expect(found).toEqual([]);
  });

  test("one row a name", () => {
    expect(rows.size).toBe(records.length);
  });
});

describe("the checker finds", () => {
  const row = (run: (x: Tensor) => Tensor, more: Partial<OpRecord> = {}): OpRecord => ({
    name: "square",
    samples: (draw) => [
      sample(undefined, draw.uniform([67], 0.5, 2)),
      sample(undefined, draw.uniform([5], 0.5, 2)),
    ],
    run: ([x]) => run(x),
    reference: ([x]) => map(x, (v) => v * v),
    differentiable: true,
    errors: [],
    ...more,
  });
  const custom =
    (value: (x: Tensor) => Tensor, gradient: (dy: Tensor, x: Tensor) => Tensor) => (x: Tensor) => {
      const [y] = op("square", [x], () => ({
        outputs: [noGrad(() => value(x))],
        pullback: ([dy]) => [dy && gradient(dy, x)],
      }));
      return y;
    };
  const found = async (record: OpRecord) => (await checkRecord(record, device)).failures.join("\n");

  test("nothing in a right op", async () => {
    const right = custom(square, (dy, x) => mul(dy, mul(x, 2)));
    expect(await found(row(right))).toBe("");
  });

  test("wrong values", async () => {
    expect(await found(row((x) => mul(square(x), 1.0001)))).toMatch(/result 0: \[\d+\] is .*, should be/);
    expect(await found(row((x) => mul(square(x), 1.0001), { compare: "sums" }))).toMatch(/result 0/);
  });

  test("a wrong gradient", async () => {
    const wrong = custom(square, (dy, x) => mul(dy, mul(x, 2.001)));
    expect(await found(row(wrong))).toMatch(/f32\[67\]: gradient: .*\n.*f32\[5\]: gradient: /s);
  });

  test("a right gradient that is wrong when differentiated", async () => {
    const wrong = custom(square, (dy, x) =>
      mul(
        dy,
        noGrad(() => mul(x, 2)),
      ),
    );
    expect(await found(row(wrong))).toMatch(/doubleGradient: /);
  });

  test("another shape, another error, none at all", async () => {
    expect(await found(row((x) => mul(exp(x), exp(x).alias([1, x.size]))))).toMatch(
      /has shape \[1,67\], not \[67\]/,
    );
    const errors = [
      { name: "none", run: () => {}, message: /x/, type: ShapeError },
      {
        name: "other",
        run: () => {
          throw new ShapeError("square: rank");
        },
        message: /size/,
        type: ShapeError,
      },
    ];
    expect(await found(row(square, { errors }))).toMatch(
      /got no error\nother: .* got ShapeError: square: rank/,
    );
  });
});
