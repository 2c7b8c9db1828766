// A product to measure matmul's variants on (matmul_choices.ts): random operands of the shape.

import type { Device } from "../gpu/device.ts";
import { empty } from "../tensor/tensor.ts";
import { batchLayout } from "./matmul_batch.ts";
import type { MatmulShape } from "./matmul_choices.ts";
import { runMatmul } from "./matmul_run.ts";
import { operands, type TrialSetup } from "./trial_operands.ts";

export function matmulTrial(shape: MatmulShape, device: Device): TrialSetup {
  const { m, n, k, batches, transA, transB } = shape;
  const [a, b] = operands(device, [batches, m, k], [batches, k, n]);
  const layout = batchLayout("matmul", [batches], [batches])!;
  const run = () => {
    const y = empty([batches, m, n], "f32", device);
    runMatmul({ a, b, bias: null, y, transA, transB }, shape, layout);
    return [y];
  };
  return { run, operands: [a, b] };
}
