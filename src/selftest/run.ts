// The op table, whole or in part, on one device: several rows at once, reported in their order. Host independent.
import { currentDevice, type Device } from "../gpu/device.ts";
import { OptionError } from "../gpu/errors.ts";
import { checkRecord, WIDTH } from "./check.ts";
import { Gate } from "./gate.ts";
import { checkHalf } from "./half.ts";
import type { OpRecord } from "./record.ts";
import { records } from "./tables/index.ts";

export interface OpReport {
  readonly op: string;
  /** Samples and error cases. */
  readonly cases: number;
  /** Largest |got - want| / max(1, largest |want|), f32 against float64. */
  readonly forwardError: number;
  readonly gradientError: number;
  readonly doubleGradientError: number;
  readonly ok: boolean;
  /** "native"; "none": takes no floats; "absent": no shader-f16 here; else the message with which the op refuses f16. */
  readonly f16: string;
  /** Forward and gradient of f16 tensors; 0 where f16 is not native. */
  readonly halfError: number;
  readonly failures: readonly string[];
}

export interface SelftestReport {
  readonly adapter: string;
  /** Ops. */
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly ops: readonly OpReport[];
}

export interface SelftestOptions {
  /** Default: the current device. */
  readonly device?: Device;
  /** Only the ops whose name holds this text, in any case; or those of exactly these names. */
  readonly only?: string | readonly string[];
  /** Ends the test: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with every op as it is done, in the order of the table. */
  readonly progress?: (op: OpReport, done: number, total: number) => void;
}

/** Rows whose samples wait at the gate: enough that it is never idle between two rows. */
const ROWS_AHEAD = 4;

/**
 * Checks every op on a device against float64: values, gradients, gradients of gradients, f16, and the errors it should
 * throw. Takes about a minute on a CPU adapter.
 *
 * @throws OptionError if no op is named like `only`; DeviceLostError; the reason of `signal`
 */
export async function selftest(options: SelftestOptions = {}): Promise<SelftestReport> {
  const { device = currentDevice(), only = "", signal, progress } = options;
  const named = (name: string) =>
    typeof only === "string" ? name.toLowerCase().includes(only.toLowerCase()) : only.includes(name);
  const chosen = records.filter((r) => named(r.name));
  if (chosen.length === 0) throw new OptionError(`selftest: no op is named like ${only}`);
  const ops: OpReport[] = [];
  for await (const op of inOrder(chosen, device, new Gate(WIDTH, signal))) {
    ops.push(op);
    progress?.(op, ops.length, chosen.length);
  }
  const failed = ops.filter((r) => !r.ok).length;
  const skipped = records.length - chosen.length;
  return { adapter: device.name, passed: ops.length - failed, failed, skipped, ops };
}

async function* inOrder(rows: readonly OpRecord[], device: Device, gate: Gate): AsyncGenerator<OpReport> {
  const underWay: Promise<OpReport>[] = [];
  try {
    for (const row of rows) {
      underWay.push(checkOp(row, device, gate));
      if (underWay.length > ROWS_AHEAD) yield await underWay[0];
      if (underWay.length > ROWS_AHEAD) underWay.shift();
    }
    while (underWay.length > 0) {
      yield await underWay[0];
      underWay.shift();
    }
  } finally {
    await Promise.allSettled(underWay); // after an error the others still hold tensors
  }
}

/** One row: samples, error cases, f16. */
export async function checkOp(row: OpRecord, device: Device, gate = new Gate(WIDTH)): Promise<OpReport> {
  const [record, half] = await Promise.all([
    checkRecord(row, device, gate),
    gate.shared(() => checkHalf(row, device)),
  ]);
  const { failures, ...errors } = record;
  const all = [...failures, ...half.failures];
  return { ...errors, ok: all.length === 0, f16: half.f16, halfError: half.error, failures: all };
}
