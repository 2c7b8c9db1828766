// Rows of the losses, by subject.
import type { OpRecord } from "../record.ts";
import { classRecords } from "./loss_classes.ts";
import { distributions } from "./loss_distributions.ts";
import { marginRows } from "./loss_margins.ts";
import { pairRecords } from "./loss_pairs.ts";
import { boxIouRecord, boxRows, regions } from "./loss_regions.ts";
import { ctcRecord, ssimRecord } from "./loss_sequences.ts";
import { contrasts, vectors } from "./loss_vectors.ts";

export const lossRecords = [
  ...pairRecords,
  ...classRecords,
  ...distributions,
  ...marginRows,
  ...vectors,
  ...contrasts,
  ...regions,
  ...boxRows,
  boxIouRecord,
  ctcRecord,
  ssimRecord,
] as unknown as readonly OpRecord[];
