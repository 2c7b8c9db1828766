// The comparison of the bench: inputs and references agree with what PyTorch was given, a wrong result is no row with a time,
// a page that hangs does not stop the others, and the counters count.
import { afterAll, describe, expect, it } from "vitest";
import { BenchBrowser, type LibraryPage, TimeLimitError } from "../bench/browser.ts";
import { byWork, peerTables } from "../bench/peer_tables.ts";
import type { LibraryName } from "../bench/peers/job.ts";
import { inputsOf } from "../bench/peers/operands.ts";
import { faultOf, stepsOf } from "../bench/peers/references.ts";
import { type Pages, type PeerRow, rowsOf } from "../bench/rows.ts";

describe("references", () => {
  const softmax = () => {
    const { x } = inputsOf("softmax");
    const y = new Float32Array(x!.data.length);
    for (let row = 0; row < 64; row++) {
      const e = Array.from(x!.data.subarray(row * 1024, (row + 1) * 1024), Math.exp);
      const sum = e.reduce((a, b) => a + b);
      e.forEach((v, i) => {
        y[row * 1024 + i] = v / sum;
      });
    }
    return y;
  };

  it("accept the right result", () => expect(faultOf("softmax", [softmax()])).toBeNull());

  it("find one wrong element anywhere, NaN, a wrong size", () => {
    const largest = softmax().reduce((a, b) => Math.max(a, b));
    for (const i of [0, 777, 65_535]) {
      const y = softmax();
      y[i]! += largest / 50;
      expect(faultOf("softmax", [y])).toMatch(/^y: wrong at or after \d+, got .*, expected /);
      y[i] = Number.NaN;
      expect(faultOf("softmax", [y])).toMatch(/got NaN/);
    }
    expect(faultOf("softmax", [new Float32Array(5)])).toBe("y: 5 values instead of 65536");
    expect(faultOf("softmax", [])).toBe("0 outputs instead of 1");
  });

  it("know the losses of trainings only", () => {
    expect([stepsOf("train_mlp"), stepsOf("train_dcgan"), stepsOf("softmax")]).toEqual([5, 10, 0]);
  });
});

/** Pages that answer without a browser. */
function pages(answers: Partial<Record<LibraryName, () => unknown>>): Pages & { restarts: number } {
  const counts = {
    dispatches: 1,
    submits: 1,
    buffersCreated: 0,
    bindGroupsCreated: 0,
    pipelinesCreated: 0,
    peakBytes: 8,
  };
  const call = (library: LibraryName) => async (method: string) => {
    if (method === "prepare") return answers[library]?.() ?? { firstMs: 5, fault: null };
    return method === "counts" ? counts : 2;
  };
  const open = async (library: LibraryName) => ({ adapter: "", call: call(library), close: async () => {} });
  const self = {
    restarts: 0,
    open: open as unknown as (l: LibraryName) => Promise<LibraryPage>,
    restart: async () => void self.restarts++,
  };
  return self;
}

const OPTIONS = { rounds: 2, limitMs: 1000 };
const brief = (rows: readonly PeerRow[]) => rows.map((r) => [r.library, r.ms, r.correct, r.reason]);

describe("rows", () => {
  it("have a time and counts where the result is right", async () => {
    const [row] = await rowsOf(pages({}), "softmax", { ...OPTIONS, libraries: ["wgrad"] });
    expect(row).toEqual({
      work: "softmax",
      library: "wgrad",
      ms: 2,
      latencyMs: 2,
      firstMs: 5,
      dispatches: 1,
      submits: 1,
      buffersCreated: 0,
      bindGroupsCreated: 0,
      peakBytes: 8,
      correct: true,
    });
  });

  it("have none, but a reason, where it is wrong or an error", async () => {
    const broken = pages({
      tfjs: () => ({ firstMs: 5, fault: "y: wrong" }),
      "jax-js": () => {
        throw new Error("cannot do that\nat a place");
      },
    });
    const rows = await rowsOf(broken, "softmax", OPTIONS);
    expect(brief(rows)).toEqual([
      ["wgrad", 2, true, undefined],
      ["tfjs", null, false, "y: wrong"],
      ["jax-js", null, false, "cannot do that"],
    ]);
    expect(byWork(rows)[0]!.ahead).toBeNull();
    expect(peerTables(rows)).toMatch(/softmax, tfjs: y: wrong/);
  });

  it("go on without a library that hangs, in a new browser", async () => {
    const hanging = pages({
      tfjs: () => {
        throw new TimeLimitError("did not finish in 1 s");
      },
    });
    const rows = await rowsOf(hanging, "softmax", OPTIONS);
    expect(brief(rows)).toEqual([
      ["wgrad", 2, true, undefined],
      ["tfjs", null, false, "did not finish in 1 s"],
      ["jax-js", 2, true, undefined],
    ]);
    expect(hanging.restarts).toBe(1);
  });
});

describe("counters, in Chrome", () => {
  let browser: BenchBrowser | null = null;
  afterAll(() => browser?.close());

  it("count one dispatch and one submit of one product, for two libraries", async () => {
    browser = await BenchBrowser.start({ adapter: "swiftshader" });
    const rows = await rowsOf(browser, "matmul256", {
      rounds: 1,
      limitMs: 100_000,
      libraries: ["wgrad", "jax-js"],
    });
    for (const row of rows) {
      expect(row.reason).toBeUndefined();
      expect(row).toMatchObject({ dispatches: 1, submits: 1, correct: true });
      expect(row.peakBytes).toBeGreaterThanOrEqual(3 * 4 * 256 * 256); // a, b and y
    }
  }, 240_000);
});
