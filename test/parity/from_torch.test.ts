// A file that PyTorch itself wrote (torch.save, then the script in docs/weights.md) loads by name, and gives PyTorch's numbers:
// from_torch.py made it.
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { models, readStateDict, skipInit, tensor } from "../../src/node.ts";
import { picture } from "./formula.ts";

const near = (name: string) => readFileSync(new URL(name, import.meta.url));

beforeAll(async () => {
  await requestDevice();
});

test("a DenseNet behind one step of training: weights, running statistics, counters", async () => {
  const net = skipInit(() => models.densenet121({ growthRate: 4, layers: [1, 2], width: 8, numClasses: 3 }));
  const report = net.loadStateDict(readStateDict(near("from_torch.safetensors")));
  expect(report).toEqual({ missing: [], unexpected: [] });
  expect(await net.stateDict().get("features.norm0.num_batches_tracked")!.item()).toBe(1);
  const { shape, logits } = JSON.parse(near("from_torch.json").toString()) as Record<
    "shape" | "logits",
    number[]
  >;
  const found = await net
    .eval()
    .forward(tensor(picture("from torch x", shape).data, { shape }))
    .data();
  expect(found).toHaveLength(logits.length);
  for (const [i, wanted] of logits.entries()) expect(found[i]).toBeCloseTo(wanted, 5);
});
