// reportIndices: in debug mode, a dispatch that looks for an index outside its range. Ops that take indices call it; they
// give zeros there, or ignore the index. How it is reported: src/gpu/index_reports.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { indexCheck } from "../gpu/shaders.gen.ts";
import type { Tensor } from "../tensor/tensor.ts";

const run = kernel(indexCheck);

/** In debug mode, has an index outside [0, end) thrown as an IndexError at the next await; `ignored` alone may lie outside. */
export function reportIndices(op: string, index: Tensor, end: number, ignored?: number): void {
  const reports = index.device.indexReports;
  if (!reports || index.size === 0) return;
  const { record, site } = reports.site(op, index.shape, end, ignored);
  run(
    { index, record },
    { size: index.size, end, ignored: ignored ?? 0, site },
    { grid: grid1d(1), constants: { HAS_IGNORED: ignored !== undefined }, label: `${op}/check` },
  );
}
