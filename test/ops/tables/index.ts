// THE op table: one row an op, by families.
import type { OpRecord } from "../record.ts";
import { binaryRecords } from "./binary.ts";
import { reduceRecords } from "./reduce.ts";
import { shapeRecords } from "./shape.ts";
import { unaryRecords } from "./unary.ts";

export const records: readonly OpRecord[] = [
  ...unaryRecords,
  ...binaryRecords,
  ...reduceRecords,
  ...shapeRecords,
];
