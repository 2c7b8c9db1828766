// THE op table: one row an op, by families.
import type { OpRecord } from "../record.ts";
import { binaryRecords } from "./binary.ts";
import { convRecords } from "./conv.ts";
import { conv2Records } from "./conv2.ts";
import { elementwise2Records } from "./elementwise2.ts";
import { indexRecords } from "./index_ops.ts";
import { lossRecords } from "./loss.ts";
import { matmulRecords } from "./matmul.ts";
import { normRecords } from "./norm.ts";
import { poolRecords } from "./pool.ts";
import { pool2Records } from "./pool2.ts";
import { randomRecords } from "./random.ts";
import { recurrentRecords } from "./recurrent.ts";
import { reduceRecords } from "./reduce.ts";
import { reduce2Records } from "./reduce2.ts";
import { resizeRecords } from "./resize.ts";
import { shapeRecords } from "./shape.ts";
import { softmaxRecords } from "./softmax.ts";
import { unaryRecords } from "./unary.ts";

export const families = {
  unary: unaryRecords,
  binary: binaryRecords,
  elementwise2: elementwise2Records,
  reduce: reduceRecords,
  reduce2: reduce2Records,
  shape: shapeRecords,
  index: indexRecords,
  matmul: matmulRecords,
  conv: convRecords,
  conv2: conv2Records,
  pool: poolRecords,
  pool2: pool2Records,
  resize: resizeRecords,
  norm: normRecords,
  softmax: softmaxRecords,
  recurrent: recurrentRecords,
  loss: lossRecords,
  random: randomRecords,
} as const satisfies Record<string, readonly OpRecord[]>;

export const records: readonly OpRecord[] = Object.values(families).flat();
