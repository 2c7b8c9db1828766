// Rows of power-average pooling.
import { OptionError } from "../../gpu/errors.ts";
import { type LpPoolOptions, lpPool1d, lpPool2d, lpPool3d } from "../../kernels/lp_pool.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { total } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { pooled } from "../reference/windows.ts";
import { axesOf } from "./pool_nd.ts";
import { z } from "./samples.ts";

function lpRow(
  name: string,
  op: (x: Tensor, o: LpPoolOptions) => Tensor,
  count: number,
): OpRecord<LpPoolOptions> {
  const shape = (s: number): Shape => [2, 2, ...new Array<number>(count).fill(s)];
  const cases: readonly LpPoolOptions[] = [
    { normType: 2, kernelSize: 2 },
    { normType: 3, kernelSize: 3, stride: 1 },
    { normType: 1.5, kernelSize: 2, stride: 3 },
  ];
  return {
    name,
    samples: (draw) => cases.map((o) => sample(o, draw.uniform(shape(5), 0.25, 2))),
    run: ([x], o) => op(x, o),
    reference: ([x], o) => {
      const p = o.normType;
      return pooled(x, axesOf(x, o, count), (values) => total(values.map((v) => v ** p)) ** (1 / p));
    },
    differentiable: true,
    errors: [
      {
        name: "normType",
        run: () => op(z(shape(4)), { normType: 0, kernelSize: 2 }),
        message: new RegExp(`^${name}: normType must be a finite number other than 0, got 0$`),
        type: OptionError,
      },
      {
        name: "kernel",
        run: () => op(z(shape(4)), { normType: 2, kernelSize: 0 }),
        message: new RegExp(`^${name}: kernelSize must be an integer of at least 1, got 0$`),
        type: OptionError,
      },
    ],
  };
}

export const lpPoolRecords = [
  lpRow("lpPool1d", lpPool1d, 1),
  lpRow("lpPool2d", lpPool2d, 2),
  lpRow("lpPool3d", lpPool3d, 3),
] as unknown as readonly OpRecord[];
