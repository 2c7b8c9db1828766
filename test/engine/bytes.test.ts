// Bytes that captured steps move, as their listings say, against what no program can do without: every operand read once and
// every result written once. Counted by hand for AdamW, layer norm and softmax cross-entropy, gradients included.

import { afterAll, beforeAll, expect, test } from "vitest";
import * as w from "../../src/node.ts";
import { type Device, F, nn, optim, type Tensor } from "../../src/node.ts";
import { compile } from "../../src/tensor/compile.ts";

const F32 = 4; // bytes
const MOST = 1.3;

let device: Device;
beforeAll(async () => {
  device = await w.requestDevice();
});
afterAll(() => device.destroy());

/** Bytes of all dispatches of a step, over those that `elements` f32 or i32 take. */
function share(
  step: { readonly programs: readonly { readonly dispatches: readonly { bytes: number }[] }[] },
  elements: number,
) {
  const bytes = step.programs[0].dispatches.reduce((n, d) => n + d.bytes, 0);
  expect(bytes).toBeGreaterThanOrEqual(0.95 * elements * F32); // a listing that leaves something out proves nothing
  return bytes / (elements * F32);
}

test("AdamW over three tensors, their gradients given", async () => {
  const model = new nn.Sequential(
    new nn.Linear(256, 128),
    new nn.ReLU(),
    new nn.Linear(128, 64, { bias: false }),
  );
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
  const parameters = model.parameters();
  const step = compile((...gradients: readonly Tensor[]) => {
    for (const [i, p] of parameters.entries()) p.grad = gradients[i];
    optimizer.step();
  });
  step(...parameters.map((p) => w.randn([...p.shape])));
  const n = parameters.reduce((n, p) => n + p.size, 0);
  expect(share(step, 7 * n)).toBeLessThan(MOST); // g, p, m, v read; p, m, v written
});

test.each([
  [64, 256],
  [512, 64],
  [256, 512],
  [100, 65],
])("layer norm of [%d,%d], forward and all gradients", (rows, d) => {
  const norm = new nn.LayerNorm(d);
  const step = compile((x: Tensor, dy: Tensor) => {
    x.requiresGrad = true;
    const y = norm.forward(x);
    return [y, ...w.grad([y], [x, ...norm.parameters()], { gradOutputs: [dy] })];
  });
  step(w.randn([rows, d]), w.randn([rows, d]));
  const forward = 2 * rows * d + 2 * d + 2 * rows; // x, weight, bias; y, mean, rstd
  const backward = 3 * rows * d + d + 2 * rows + 2 * d; // x, dy, weight, mean, rstd; dx, dweight, dbias
  expect(share(step, forward + backward)).toBeLessThan(MOST);
});

test.each([
  [64, 10],
  [64, 1000],
  [512, 65],
])("softmax cross-entropy of [%d,%d], loss and gradient", (rows, n) => {
  const step = compile((x: Tensor, labels: Tensor) => {
    x.requiresGrad = true;
    const loss = F.crossEntropy(x, labels);
    return [loss, ...w.grad([loss], [x])];
  });
  step(w.randn([rows, n]), w.zeros([rows], { dtype: "i32" }));
  const forward = rows * n + rows + 1; // x, labels; loss
  const backward = 2 * rows * n + rows; // x, labels; dx
  expect(share(step, forward + backward)).toBeLessThan(MOST);
});
