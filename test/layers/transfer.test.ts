// Transfer learning: parts of a model by path, frozen, replaced, with rates of their own, and what they give inside.

import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import {
  compile,
  F,
  type HostArray,
  manualSeed,
  mul,
  nn,
  OptionError,
  optim,
  randn,
  type Tensor,
  UsageError,
} from "../../src/index.ts";

beforeAll(async () => {
  await requestDevice();
  manualSeed(1);
});

class Block extends nn.Module {
  readonly conv: nn.Conv2d;
  readonly norm: nn.BatchNorm2d;
  constructor(from: number, to: number) {
    super();
    this.conv = new nn.Conv2d(from, to, { kernelSize: 3, padding: 1 });
    this.norm = new nn.BatchNorm2d(to);
  }
  forward(x: Tensor): Tensor {
    return this.norm.forward(this.conv.forward(x)).relu();
  }
}
class Net extends nn.Module {
  readonly stem = new nn.Sequential(new nn.Conv2d(1, 2, { kernelSize: 1 }), new nn.ReLU());
  readonly blocks = [new Block(2, 3), new Block(3, 4)];
  readonly unused = new nn.Linear(1, 1);
  readonly fc: nn.Module = new nn.Linear(4, 10);
  forward(x: Tensor): Tensor {
    let h = this.stem.forward(x); // [b, 2, h, w]
    for (const block of this.blocks) h = block.forward(h); // [b, 4, h, w]
    return this.fc.forward(h.mean([2, 3]) as never) as Tensor; // [b, 10]
  }
}

const list = async (t: Tensor) => Array.from(await t.data());
const input = () => randn([2, 1, 4, 4]);

describe("paths", () => {
  test("getSubmodule finds modules in fields, arrays and containers, and says what is there instead", () => {
    const net = new Net();
    expect(net.getSubmodule("blocks.1.conv")).toBe(net.blocks[1]!.conv);
    expect(net.getSubmodule("stem.0")).toBe(net.stem.at(0));
    expect(net.getSubmodule("")).toBe(net);
    expect(() => net.getSubmodule("blocks.1.pool")).toThrow(
      /no module blocks.1.pool; blocks.1 has conv, norm$/,
    );
    expect(() => net.getSubmodule("head")).toThrow(/Net has stem, blocks.0, blocks.1, unused, fc$/);
    expect(() => net.getSubmodule("fc.deeper")).toThrow(OptionError);
  });

  test.each(["fc", "stem.0", "blocks.1", "blocks.0.norm"])("setSubmodule replaces %s", (path) => {
    const net = new Net();
    const before = net.getSubmodule(path);
    const keys = [...net.stateDict().keys()];
    const other = new Net().getSubmodule(path);
    net.setSubmodule(path, other);
    expect(net.getSubmodule(path)).toBe(other);
    expect([...net.stateDict().keys()]).toEqual(keys);
    expect(net.modules()).not.toContain(before);
  });

  test("a new head learns, the frozen body does not", async () => {
    const net = new Net();
    net.requiresGrad_(false);
    net.setSubmodule("fc", new nn.Linear(4, 3));
    net.eval();
    const x = input();
    expect(net.forward(x).shape).toEqual([2, 3]);
    const before = await list(net.blocks[0]!.conv.weight);
    const head = await list((net.fc as nn.Linear).weight);
    const trained = net.parameters().filter((p) => p.requiresGrad);
    const optimizer = new optim.SGD(trained, { lr: 0.1 });
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = F.crossEntropy(net.forward(x), y);
      optimizer.minimize(loss);
      return loss;
    });
    const labels: HostArray = { data: new Int32Array([0, 2]), shape: [2] };
    const first = await step(x, labels as never).item();
    for (let i = 0; i < 5; i++) step(x, labels as never);
    expect(await step(x, labels as never).item()).toBeLessThan(first);
    expect(await list(net.blocks[0]!.conv.weight)).toEqual(before);
    expect(await list((net.fc as nn.Linear).weight)).not.toEqual(head);
  });

  test("the model itself cannot be replaced", () => {
    expect(() => new Net().setSubmodule("", new nn.ReLU())).toThrow(/the model itself cannot be replaced/);
  });
});

describe("freezing by pattern", () => {
  test("a module's path, a pattern, and one that fits nothing", () => {
    const net = new Net();
    const frozen = () =>
      net
        .namedParameters()
        .filter(([, p]) => !p.requiresGrad)
        .map(([name]) => name);
    net.requiresGrad_(false, "blocks.1");
    expect(frozen()).toEqual(
      ["conv.weight", "conv.bias", "norm.weight", "norm.bias"].map((n) => `blocks.1.${n}`),
    );
    net.requiresGrad_(true).requiresGrad_(false, /norm/);
    expect(frozen().length).toBe(4);
    expect(() => net.requiresGrad_(false, "block")).toThrow(OptionError);
  });

  test("groups with rates of their own", () => {
    const net = new Net().requiresGrad_(false, "stem");
    const groups = optim.parameterGroups(net, [
      { match: "fc", lr: 0.1 },
      { match: /norm/, weightDecay: 0 },
      {},
    ]);
    const optimizer = new optim.AdamW(groups, { lr: 0.01 });
    expect(optimizer.groups.map((g) => [g.params.length, g.lr, g.weightDecay])).toEqual([
      [2, 0.1, 0.01],
      [4, 0.01, 0],
      [6, 0.01, 0.01],
    ]);
    expect(() => optim.parameterGroups(net, [{ match: "fc" }])).toThrow(/no group for blocks.0.conv.weight/);
    expect(() => optim.parameterGroups(net, [{}, { match: "fc" }])).toThrow(/no parameter for fc/);
  });
});

describe("features", () => {
  test("outputs of named modules, eager and captured; the rest is dropped", async () => {
    const net = new Net().eval();
    const features = new nn.FeatureExtractor(net, ["stem", "blocks.0"]).eval();
    const x = input();
    const stem = net.stem.forward(x);
    const { "blocks.0": block, stem: found } = features.forward(x);
    expect(await list(found!)).toEqual(await list(stem));
    expect(await list(block!)).toEqual(await list(net.blocks[0]!.forward(stem)));
    const whole = compile((x: Tensor) => net.forward(x));
    const part = compile((x: Tensor) => features.forward(x)["blocks.0"]!);
    expect(await list(part(x))).toEqual(await list(block!));
    whole(x);
    expect(part.programs[0]!.dispatches.length).toBeLessThan(whole.programs[0]!.dispatches.length);
  });

  test("a path that is not there, a module that does not run", () => {
    expect(() => new nn.FeatureExtractor(new Net(), ["blocks.7"])).toThrow(OptionError);
    expect(() => new nn.FeatureExtractor(new Net(), [])).toThrow(OptionError);
    expect(() => new nn.FeatureExtractor(new Net(), ["unused"]).forward(input())).toThrow(UsageError);
  });

  test("hooks see inputs and outputs, may replace the output, and can be removed", async () => {
    const relu = new nn.ReLU();
    const x = randn([3]);
    const seen: unknown[] = [];
    const watch = relu.registerForwardHook((m, inputs, output) => void seen.push(m, inputs[0], output));
    const double = relu.registerForwardHook((_, __, output) => mul(output as Tensor, 2));
    const y = relu.forward(x);
    expect(seen.slice(0, 2)).toEqual([relu, x]);
    expect(await list(y)).toEqual((await list(seen[2] as Tensor)).map((v) => 2 * v));
    double.remove();
    watch.remove();
    expect(await list(relu.forward(x))).toEqual(await list(seen[2] as Tensor));
    expect(seen.length).toBe(3);
  });
});
