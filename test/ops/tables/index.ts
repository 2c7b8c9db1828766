// THE op table: one row an op, by families.
import type { OpRecord } from "../record.ts";
import { binaryRecords } from "./binary.ts";
import { convRecords } from "./conv.ts";
import { elementwise2Records } from "./elementwise2.ts";
import { indexRecords } from "./index_ops.ts";
import { lossRecords } from "./loss.ts";
import { matmulRecords } from "./matmul.ts";
import { normRecords } from "./norm.ts";
import { poolRecords } from "./pool.ts";
import { randomRecords } from "./random.ts";
import { reduceRecords } from "./reduce.ts";
import { shapeRecords } from "./shape.ts";
import { softmaxRecords } from "./softmax.ts";
import { unaryRecords } from "./unary.ts";

export const families = {
  unary: unaryRecords,
  binary: binaryRecords,
  elementwise2: elementwise2Records,
  reduce: reduceRecords,
  shape: shapeRecords,
  index: indexRecords,
  matmul: matmulRecords,
  conv: convRecords,
  pool: poolRecords,
  norm: normRecords,
  softmax: softmaxRecords,
  loss: lossRecords,
  random: randomRecords,
} as const satisfies Record<string, readonly OpRecord[]>;

export const records: readonly OpRecord[] = Object.values(families).flat();
