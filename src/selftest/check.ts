// Checks a row of the op table on a device: its samples (sample_check.ts), several at once, and its error cases.
import { type Device, withDevice } from "../gpu/device.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Worst } from "./bounds.ts";
import { Draw } from "./draw.ts";
import { Gate } from "./gate.ts";
import type { OpRecord, Sample } from "./record.ts";
import { checkSample } from "./sample_check.ts";

/** Samples under way: while the pipelines of some compile, references of others are worked out. */
export const WIDTH = 12;

export interface RecordReport {
  readonly op: string;
  /** Samples and error cases. */
  readonly cases: number;
  /** Largest |got - want| / max(1, largest |want|). */
  readonly forwardError: number;
  readonly gradientError: number;
  readonly doubleGradientError: number;
  readonly failures: readonly string[];
}

interface Outcome {
  readonly failures: readonly string[];
  readonly worst: Worst;
}

const NONE: Worst = { forward: 0, gradient: 0, doubleGradient: 0 };

/** Rows checked at once share a gate. Rejects if the device is lost or the gate's signal has come. */
export async function checkRecord(
  record: OpRecord,
  device: Device,
  gate = new Gate(WIDTH),
): Promise<RecordReport> {
  const samples = record.samples(new Draw(record.name));
  const failures = checkErrors(record, device);
  const worst = { ...NONE };
  const outcomes = await Promise.all(samples.map((s, i) => checkInTurn(record, s, i, device, gate)));
  for (const [i, outcome] of outcomes.entries()) {
    failures.push(...outcome.failures.map((text) => `${describe(samples[i])}: ${text}`));
    for (const key of Object.keys(worst) as (keyof Worst)[]) {
      worst[key] = Math.max(worst[key], outcome.worst[key]);
    }
  }
  return {
    op: record.name,
    cases: samples.length + record.errors.length,
    forwardError: worst.forward,
    gradientError: worst.gradient,
    doubleGradientError: worst.doubleGradient,
    failures,
  };
}

/** Errors of the device, counted: WebGPU does not say whose they are. */
const faults = new WeakMap<Device, number>();

/**
 * The device's errors reach whoever awaits something next: a sample that saw one, or failed while there was one, is
 * checked again alone, and that counts.
 */
async function checkInTurn(
  record: OpRecord,
  sample: Sample,
  index: number,
  device: Device,
  gate: Gate,
): Promise<Outcome> {
  const draw = () => new Draw(`${record.name}, sample ${index}`);
  const check = async (): Promise<Outcome> => {
    try {
      return await checkSample(record, sample, draw(), device);
    } catch (error) {
      faults.set(device, (faults.get(device) ?? 0) + 1);
      if (device.isLost) throw error;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { failures: [text], worst: NONE };
    }
  };
  let before: number | undefined;
  const outcome = await gate.shared(() => {
    before = faults.get(device);
    return check();
  });
  const doubtful = outcome.failures.length > 0 && faults.get(device) !== before;
  return doubtful ? gate.alone(check) : outcome;
}

function describe({ inputs, options }: Sample): string {
  const shapes = inputs.map((t) => `${t.dtype}${formatShape(t.shape)}`).join(" ");
  return options === undefined ? shapes : `${shapes} ${JSON.stringify(options)}`;
}

function checkErrors(record: OpRecord, device: Device): string[] {
  return record.errors.flatMap((e) => {
    try {
      withDevice(device, () => scope(() => void e.run()));
    } catch (error) {
      if (error instanceof e.type && e.message.test(error.message)) return [];
      return [`${e.name}: expected ${e.type.name} ${e.message}, got ${String(error)}`];
    }
    return [`${e.name}: expected ${e.type.name} ${e.message}, got no error`];
  });
}
