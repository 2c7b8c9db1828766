// THE op table: one row an op, by families.
import type { OpRecord } from "../record.ts";
import { attentionRecords } from "./attention.ts";
import { binaryRecords } from "./binary.ts";
import { convRecords } from "./conv.ts";
import { conv2Records } from "./conv2.ts";
import { createRecords } from "./create.ts";
import { elementwise2Records } from "./elementwise2.ts";
import { indexRecords } from "./index_ops.ts";
import { linalgRecords } from "./linalg.ts";
import { lossRecords } from "./loss.ts";
import { loss2Records } from "./loss2.ts";
import { matmulRecords } from "./matmul.ts";
import { normRecords } from "./norm.ts";
import { norm2Records } from "./norm2.ts";
import { poolRecords } from "./pool.ts";
import { pool2Records } from "./pool2.ts";
import { randomRecords } from "./random.ts";
import { recurrentRecords } from "./recurrent.ts";
import { reduceRecords } from "./reduce.ts";
import { reduce2Records } from "./reduce2.ts";
import { resizeRecords } from "./resize.ts";
import { shapeRecords } from "./shape.ts";
import { shape2Records } from "./shape2.ts";
import { softmaxRecords } from "./softmax.ts";
import { unaryRecords } from "./unary.ts";

export const families = {
  unary: unaryRecords,
  binary: binaryRecords,
  elementwise2: elementwise2Records,
  reduce: reduceRecords,
  reduce2: reduce2Records,
  shape: shapeRecords,
  shape2: shape2Records,
  index: indexRecords,
  matmul: matmulRecords,
  linalg: linalgRecords,
  conv: convRecords,
  conv2: conv2Records,
  pool: poolRecords,
  pool2: pool2Records,
  resize: resizeRecords,
  norm: normRecords,
  norm2: norm2Records,
  softmax: softmaxRecords,
  recurrent: recurrentRecords,
  attention: attentionRecords,
  loss: lossRecords,
  loss2: loss2Records,
  random: randomRecords,
  create: createRecords,
} as const satisfies Record<string, readonly OpRecord[]>;

export const records: readonly OpRecord[] = Object.values(families).flat();
