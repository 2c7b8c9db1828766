// Rows of unpooling.
import { DTypeError, ShapeError } from "../../gpu/errors.ts";
import { maxUnpool1d, maxUnpool2d, maxUnpool3d } from "../../kernels/max_unpool.ts";
import { numel } from "../../tensor/shape.ts";
import { build } from "../nd.ts";
import { integers, type OpRecord, sample } from "../record.ts";
import type { Window } from "./pool_nd.ts";
import { z } from "./samples.ts";

function unpoolRow(name: string, op: typeof maxUnpool2d, count: number): OpRecord<Window> {
  const o: Window = { kernelSize: 2 };
  return {
    name,
    samples: (draw) =>
      [3, 2].map((s) => {
        const shape = [2, 2, ...new Array<number>(count).fill(s)];
        const [plane, outPlane] = [s ** count, (2 * s) ** count];
        // Each index once: where several meet, PyTorch's gradient and ours is not the function's.
        const order = draw.distinct([outPlane], 1).data.map((v) => v + outPlane / 2);
        const at = Array.from({ length: numel(shape) }, (_, i) => order[i % plane]);
        return sample(o, draw.normal(shape), integers(shape, at));
      }),
    run: ([x, indices], options) => op(x, indices, options),
    reference: ([x, indices]) => {
      const plane = numel(x.shape.slice(2));
      const shape = [...x.shape.slice(0, 2), ...x.shape.slice(2).map((s) => 2 * s)];
      const outPlane = numel(shape.slice(2));
      return build(shape, (_, flat) => {
        const p = Math.floor(flat / outPlane) * plane;
        const i = indices.data.subarray(p, p + plane).indexOf(flat % outPlane);
        return i < 0 ? 0 : x.data[p + i];
      });
    },
    differentiable: true,
    compare: "exact",
    errors: [
      {
        name: "indices",
        run: () => op(z([1, 1, ...new Array<number>(count).fill(2)]), z([1], "i32"), o),
        message: new RegExp(`^${name}: indices must have the shape of x, x \\[1,1,2`),
        type: ShapeError,
      },
      {
        name: "dtype",
        run: () => op(z([1, 1, ...new Array<number>(count).fill(2)]), z([1]), o),
        message: new RegExp(`^${name}: takes x f32 and indices i32, got f32 and f32$`),
        type: DTypeError,
      },
    ],
  };
}

export const maxUnpoolRecords = [
  unpoolRow("maxUnpool1d", maxUnpool1d, 1),
  unpoolRow("maxUnpool2d", maxUnpool2d, 2),
  unpoolRow("maxUnpool3d", maxUnpool3d, 3),
] as unknown as readonly OpRecord[];
