// Module: what the walk over fields finds, modes, labels, printing. Uses layers only as members.
import { beforeAll, describe, expect, it } from "vitest";
import { currentDevice } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { Dropout, Linear, Module, ModuleList, ReLU, Sequential } from "../../src/layers/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { ones } from "../../src/tensor/create.ts";
import { type Parameter, parameter } from "../../src/tensor/parameter.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

class Block extends Module {
  readonly note = "no member";
  readonly linear = new Linear(3, 3);
  readonly scale: Parameter = parameter([3], Float32Array.of(1, 1, 1));

  forward(x: Tensor): Tensor {
    return this.linear.forward(x);
  }
}

class Net extends Module {
  readonly blocks = [new Block(), new Block()];
  readonly list = new ModuleList([new Linear(3, 2)]);
  readonly nothing: Parameter | null = null;
  readonly shared = this.blocks[0].linear;

  forward(x: Tensor): Tensor {
    return this.list.at(0)!.forward(this.blocks.reduce((h, b) => b.forward(h), x));
  }
}

describe("members", () => {
  it("are plain fields, arrays and containers, in order, each once", () => {
    const net = new Net();
    expect(net.namedModules().map(([name]) => name)).toEqual([
      "",
      "blocks.0",
      "blocks.0.linear",
      "blocks.1",
      "blocks.1.linear",
      "list",
      "list.0",
    ]);
    expect(net.namedParameters().map(([name]) => name)).toEqual([
      "blocks.0.scale",
      "blocks.0.linear.weight",
      "blocks.0.linear.bias",
      "blocks.1.scale",
      "blocks.1.linear.weight",
      "blocks.1.linear.bias",
      "list.0.weight",
      "list.0.bias",
    ]);
    expect(net.parameters()).toHaveLength(8);
    expect(net.children()).toHaveLength(4);
  });

  it("appear in the state dict under each of their names", () => {
    const keys = [...new Net().stateDict().keys()];
    expect(keys).toContain("blocks.0.linear.weight");
    expect(keys).toContain("shared.weight");
  });

  it("can have the names of a PyTorch checkpoint", () => {
    class Gate extends Module {
      readonly w = this.registerParameter("weight_ih_l0", parameter([1], Float32Array.of(2)));
      forward(): Tensor {
        return this.w;
      }
    }
    const gate = new Gate();
    expect(gate.namedParameters()).toEqual([["weight_ih_l0", gate.w]]);
    expect([...gate.stateDict().keys()]).toEqual(["weight_ih_l0"]);
  });

  it("are visited by apply, children first", () => {
    const seen: string[] = [];
    new Sequential(new Sequential(new ReLU()), new Linear(2, 2)).apply((m) => seen.push(m.constructor.name));
    expect(seen).toEqual(["ReLU", "Sequential", "Linear", "Sequential"]);
  });
});

describe("modes", () => {
  it("train and eval reach all modules", () => {
    const net = new Net();
    expect(net.training).toBe(true);
    expect(net.eval()).toBe(net);
    expect(net.modules().every((m) => !m.training)).toBe(true);
    net.train();
    expect(net.modules().every((m) => m.training)).toBe(true);
  });

  it("a compiled function records again when the mode changes", async () => {
    const model = new Sequential(new Dropout(1));
    const run = compile((x: Tensor) => model.forward(x));
    const x = ones([4]);
    expect(await run(x).data()).toEqual(new Float32Array(4));
    model.eval();
    expect(await run(x).data()).toEqual(new Float32Array(4).fill(1));
    model.train();
    expect(await run(x).data()).toEqual(new Float32Array(4));
    expect(run.programs).toHaveLength(2);
  });

  it("requiresGrad_ freezes, zeroGrad clears", () => {
    const net = new Block();
    backward(net.forward(ones([1, 3])), ones([1, 3]));
    expect(net.linear.weight.grad).not.toBeNull();
    net.zeroGrad();
    expect(net.linear.weight.grad).toBeNull();
    net.requiresGrad_(false);
    expect(net.forward(ones([1, 3])).requiresGrad).toBe(false);
  });
});

describe("forward", () => {
  it("labels dispatches with the path of the module, backward too", async () => {
    const net = new Net();
    const step = compile((x: Tensor) => {
      const y = net.forward(x);
      backward(y, ones([1, 2]));
      return y;
    });
    step(ones([1, 3]));
    const labels = step.programs[0].dispatches.map((d) => d.label);
    expect(labels).toContain("blocks.1.linear/linear");
    expect(labels).toContain("list.0/linear");
    expect(labels.filter((l) => l.startsWith("blocks.0.linear/")).length).toBeGreaterThan(1);
    await currentDevice().settle();
  });

  it("names a grandchild by its whole path, and a stranger not at all", () => {
    const stranger = new Linear(3, 3);
    class Odd extends Module {
      readonly inner = new Block();
      forward(x: Tensor): Tensor {
        return stranger.forward(this.inner.linear.forward(x));
      }
    }
    const odd = new Odd();
    const run = compile((x: Tensor) => odd.forward(x));
    run(ones([1, 3]));
    expect(run.programs[0].dispatches.map((d) => d.label)).toEqual(["inner.linear/linear", "linear"]);
  });

  it("leaves the path as it was when a module throws", async () => {
    const net = new Net();
    expect(() => net.forward(ones([1, 5]))).toThrow(/linear: .*\[1,5\]/);
    const run = compile((x: Tensor) => net.list.at(0)!.forward(x));
    run(ones([1, 3]));
    expect(run.programs[0].dispatches.map((d) => d.label)).toEqual(["linear"]);
    await currentDevice().settle();
  });

  it("of a ModuleList is an error", () => {
    expect(() => new ModuleList().forward()).toThrow(/ModuleList: has no forward/);
  });
});

describe("toString", () => {
  it("prints the tree", () => {
    const net = new Sequential(
      new Linear(3, 2, { bias: false }),
      new Sequential(new Dropout(0.1)),
      new ReLU(),
    );
    expect(String(net)).toBe(
      "Sequential(\n  (0): Linear(3, 2, bias=false)\n  (1): Sequential(\n    (0): Dropout(p=0.1)\n  )\n  (2): ReLU()\n)",
    );
  });
});
