// Rows of the ops of three tensors: lerp, addcmul, addcdiv.
import { OptionError } from "../../gpu/errors.ts";
import { type AddcOptions, addcdiv, addcmul, lerp } from "../../kernels/blend.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Nd, zip } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { PAIRS, z } from "./samples.ts";
import { shapesError } from "./unary_rows.ts";

const lerpRecord: OpRecord<{ readonly weight?: number }> = {
  name: "lerp",
  samples: (draw) => [
    ...PAIRS.map(([sa, sb], i) =>
      sample({ weight: [0.3, 0.8, -0.5, 1][i % 4] }, draw.uniform(sa), draw.uniform(sb)),
    ),
    sample({}, draw.uniform([3, 5]), draw.uniform([5]), draw.uniform([3, 1])),
  ],
  run: ([a, b, w], { weight }) => lerp(a, b, w ?? weight),
  reference: ([a, b, w], { weight }) =>
    w ? zip((a, b, w) => a + w * (b - a), a, b, w) : zip((a, b) => a + weight! * (b - a), a, b),
  differentiable: true,
  errors: [shapesError("lerp", (a, b) => lerp(a, b, 0.5), "f32")],
};

type Addc = (x: Tensor, a: Tensor, b: Tensor, o?: AddcOptions) => Tensor;

function addcRecord(name: string, f: Addc, ref: (a: number, b: number) => number): OpRecord<AddcOptions> {
  return {
    name,
    samples: (draw) =>
      PAIRS.map(([sa, sb], i) =>
        sample(i % 2 ? { value: -0.7 } : {}, draw.uniform(sa), draw.uniform(sb), draw.uniform(sa, 0.5, 2)),
      ),
    run: ([x, a, b], o) => f(x, a, b, o),
    reference: ([x, a, b]: readonly Nd[], { value = 1 }) => zip((x, a, b) => x + value * ref(a, b), x, a, b),
    differentiable: true,
    errors: [
      shapesError(name, (a, b) => f(a, b, b), "f32"),
      {
        name: "value",
        run: () => f(z([2]), z([2]), z([2]), { value: Number.NaN }),
        message: new RegExp(`^${name}: value must be a number, got NaN$`),
        type: OptionError,
      },
    ],
  };
}

export const blendRecords = [
  lerpRecord,
  addcRecord("addcmul", addcmul, (a, b) => a * b),
  addcRecord("addcdiv", addcdiv, (a, b) => a / b),
] as unknown as readonly OpRecord[];
