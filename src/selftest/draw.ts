// Seeded host arrays for samples; the same on every host, see src/tensor/philox.ts.
import type { DType } from "../tensor/dtype.ts";
import { Generator } from "../tensor/philox.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import { f32, type HostTensor, integers } from "./record.ts";

export class Draw {
  private readonly generator: Generator;

  constructor(name: string) {
    this.generator = new Generator(20).fork(name);
  }

  /** Uniform on [low, high). */
  uniform(shape: Shape, low = -1, high = 1): HostTensor {
    return f32(shape, this.generator.uniform(numel(shape), low, high));
  }

  normal(shape: Shape, std = 1): HostTensor {
    return f32(shape, this.generator.normal(numel(shape), 0, std));
  }

  /** Sizes of [low, high) with either sign. */
  signed(shape: Shape, low: number, high: number): HostTensor {
    const n = numel(shape);
    const sizes = this.generator.uniform(n, low, high);
    const signs = this.generator.integers(n, 0, 2);
    return f32(
      shape,
      sizes.map((v, i) => (signs[i] ? v : -v)),
    );
  }

  /** All different, neighbours `gap` apart, in random order around 0. */
  distinct(shape: Shape, gap = 0.05): HostTensor {
    const n = numel(shape);
    return f32(
      shape,
      Array.from(this.generator.permutation(n), (k) => (k - n / 2) * gap),
    );
  }

  /** Integers of [low, high). */
  integers(shape: Shape, low: number, high: number, dtype: DType = "i32"): HostTensor {
    return integers(shape, this.generator.integers(numel(shape), low, high), dtype);
  }

  bool(shape: Shape): HostTensor {
    return this.integers(shape, 0, 2, "bool");
  }
}
