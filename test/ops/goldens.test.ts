// Every differentiable op of the table has gradients of gradients by PyTorch in test/golden, or stands here with the reason.
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { records } from "../../src/selftest/tables/index.ts";
import { goldenFile } from "../golden/load.ts";

const INTERNAL = "internal: the backward of an op that has them";
const WITHOUT: Readonly<Record<string, string>> = {
  sumTo: "internal: sum over the axes that broadcasting added",
  sumOver: "internal: sum and mean",
  broadcastTo: "internal: expand",
  spread: INTERNAL,
  softmaxBackward: INTERNAL,
  logSoftmaxBackward: INTERNAL,
  conv2dDataGradient: INTERNAL,
  conv2dWeightGradient: INTERNAL,
  linearScan: "internal: the backward of cumprod",
  batchedMatmul: "internal: matmul",
  projectedAttention: "scaledDotProductAttention in another layout",
  lstm: "as the layer LSTM",
  gru: "as the layer GRU",
  rnn: "as the layer RNN",
  ssim: "as ssimSmall, the same op on a smaller image",
  dropout: "draws its own random numbers",
  sign: "its gradient is 0 everywhere",
  floor: "its gradient is 0 everywhere",
  ceil: "its gradient is 0 everywhere",
  round: "its gradient is 0 everywhere",
  trunc: "its gradient is 0 everywhere",
  bincount: "PyTorch has no gradient of it",
};

const twice = new Set<string>();
for (const file of readdirSync(new URL("../golden", import.meta.url)).filter((f) =>
  f.endsWith(".safetensors"),
)) {
  const { metadata, tensors } = goldenFile(file);
  const named = new Set(
    [...tensors.keys()].filter((k) => /\/gg\.[^/]*$/.test(k)).map((k) => k.replace(/\/gg\.[^/]*$/, "")),
  );
  const cases = JSON.parse(metadata.cases ?? "[]") as { name: string; op: string }[];
  for (const c of cases) if (named.has(c.name)) twice.add(c.op);
}

test("gradients of gradients of every differentiable op", () => {
  const missing = records.filter((r) => r.differentiable && !twice.has(r.name) && !(r.name in WITHOUT));
  expect(missing.map((r) => r.name)).toEqual([]);
});

test("no reason is out of date", () => {
  const names = new Set(records.filter((r) => r.differentiable).map((r) => r.name));
  expect(Object.keys(WITHOUT).filter((name) => twice.has(name) || !names.has(name))).toEqual([]);
});
