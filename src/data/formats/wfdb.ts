// WFDB records, the form of PhysioNet's ECGs: header (.hea), signals in format 212 (two samples of 12 bits in three bytes), and
// annotations in MIT's form (.atr). Everything that a header tells is checked against the signals: length, first values, sums.
// Other formats than 212, several segments and several samples a frame are refused. WFDB Applications Guide: header(5),
// signal(5), annot(5).
import { FormatError } from "../../gpu/errors.ts";

export interface WfdbSignal {
  /** File that holds it, e.g. "100.dat". */
  readonly file: string;
  /** Steps of the converter for one unit. Default 200. */
  readonly gain: number;
  /** The converter's value for 0 units. */
  readonly baseline: number;
  /** Default "mV". */
  readonly units: string;
  /** Lead, e.g. "MLII". */
  readonly description: string;
  /** Value of the first sample; null where the header has none. */
  readonly first: number | null;
  /** Sum of all samples, as a signed number of 16 bits; null where the header has none. */
  readonly checksum: number | null;
}

export interface WfdbHeader {
  readonly name: string;
  readonly signals: readonly WfdbSignal[];
  /** Samples a second. Default 250. */
  readonly frequency: number;
  /** Samples of each signal. */
  readonly samples: number;
}

export interface WfdbAnnotation {
  /** Where it stands, in samples from the start. */
  readonly sample: number;
  /** MIT's code, 1 to 49: 1 normal, 8 atrial premature, 5 ventricular premature, 28 rhythm change, ... */
  readonly code: number;
  readonly subtype: number;
  readonly channel: number;
  readonly num: number;
  /** Text of its own, e.g. "(N" for the rhythm that begins; "" if none. */
  readonly text: string;
}

/** MIT's letters of beats by their code (annot(5)): the codes that are heart beats; others are rhythms, noise, comments. */
export const BEAT_LETTERS: Readonly<Record<number, string>> = {
  1: "N",
  2: "L",
  3: "R",
  4: "a",
  5: "V",
  6: "F",
  7: "J",
  8: "A",
  9: "S",
  10: "E",
  11: "j",
  12: "/",
  13: "Q",
  25: "B",
  30: "?",
  34: "e",
  35: "n",
  38: "f",
  41: "r",
};

const fail = (message: string): never => {
  throw new FormatError(message);
};

/** @throws FormatError for a header that is not WFDB's, or uses what is not read here */
export function readWfdbHeader(text: string): WfdbHeader {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const record = (lines[0] ?? "").trim().split(/\s+/);
  const [name = "", signals = "", frequency = "250", samples = ""] = record;
  if (name.includes("/")) fail(`readWfdbHeader: a record of several segments is not read, ${name}`);
  const count = whole("signals", signals, 1, 64);
  const hz = Number(frequency.split(/[/(]/)[0]);
  if (!(hz > 0 && hz < 1e6)) fail(`readWfdbHeader: frequency must be a number above 0, got ${frequency}`);
  if (lines.length < 1 + count)
    fail(`readWfdbHeader: ${count} signals need a line each, there are ${lines.length - 1}`);
  return {
    name,
    frequency: hz,
    samples: whole("samples", samples, 1, 2 ** 31),
    signals: lines.slice(1, 1 + count).map(signalLine),
  };
}

/** `100.dat 212 200(1024)/mV 11 1024 995 -22131 0 MLII`: all behind the format may be missing. */
function signalLine(line: string): WfdbSignal {
  const [file = "", format = "", gain = "200", , zero = "0", first, checksum, , ...rest] = line
    .trim()
    .split(/\s+/);
  // The name is joined to a folder: nothing may lead out of it.
  if (!/^[\w-][\w.-]*$/.test(file)) fail(`readWfdbHeader: a signal's file must be a plain name, got ${file}`);
  if (format !== "212") fail(`readWfdbHeader: only format 212 is read, ${file} has ${format || "none"}`);
  const parts = /^(-?[\d.]+(?:e[+-]?\d+)?)(?:\((-?\d+)\))?(?:\/(\S+))?$/i.exec(gain);
  if (!parts) return fail(`readWfdbHeader: gain must be a number, (baseline) and /units, got ${gain}`);
  const number = (field: string, text: string) => whole(field, text, -(2 ** 31), 2 ** 31);
  const steps = Number(parts[1]);
  if (!Number.isFinite(steps)) fail(`readWfdbHeader: gain must be a number, got ${gain}`);
  return {
    file,
    gain: steps === 0 ? 200 : steps, // 0: not calibrated, and 200 is what WFDB takes then
    baseline: number("baseline", parts[2] ?? zero),
    units: parts[3] ?? "mV",
    description: rest.join(" "),
    first: first === undefined ? null : number("initial value", first),
    checksum: checksum === undefined ? null : number("checksum", checksum),
  };
}

function whole(field: string, text: string, least: number, most: number): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    fail(`readWfdbHeader: ${field} must be a whole number in [${least}, ${most}], got ${text || "nothing"}`);
  return value;
}

/**
 * The signals of a header whose samples all lie in `bytes`, in its units (mV): one f32 array a signal.
 *
 * @throws FormatError if length, first values or sums are not the header's
 */
export function readWfdbSignals(header: WfdbHeader, bytes: Uint8Array): Float32Array[] {
  const { name, signals, samples } = header;
  const n = signals.length;
  const expected = Math.ceil((3 * n * samples) / 2);
  if (bytes.length !== expected)
    fail(
      `readWfdbSignals: ${name} of ${n} x ${samples} samples needs ${expected} bytes, has ${bytes.length}`,
    );
  if (signals.some((s) => s.file !== signals[0]!.file))
    fail(`readWfdbSignals: the signals of ${name} must lie in one file`);
  const out = signals.map(() => new Float32Array(samples));
  const sums = new Int32Array(n);
  for (let i = 0; i < n * samples; i++) {
    const value = sample212(bytes, i);
    const s = i % n;
    if (i < n && signals[s]!.first !== null && signals[s]!.first !== value)
      fail(`readWfdbSignals: ${name} signal ${s} must begin with ${signals[s]!.first}, begins with ${value}`);
    sums[s] = (sums[s]! + value) | 0;
    out[s]![(i - s) / n] = (value - signals[s]!.baseline) / signals[s]!.gain;
  }
  signals.forEach(({ checksum }, s) => {
    const sum = (sums[s]! << 16) >> 16;
    if (checksum !== null && (checksum << 16) >> 16 !== sum)
      fail(
        `readWfdbSignals: ${name} signal ${s} must sum to ${checksum} in 16 bits, sums to ${sum}: corrupt`,
      );
  });
  return out;
}

/** Bytes a, b, c: the low 4 bits of b are above a, its high 4 above c; both of 12 bits, two's complement. */
function sample212(bytes: Uint8Array, i: number): number {
  const at = 3 * (i >> 1);
  const middle = bytes[at + 1]!;
  const value = i & 1 ? ((middle & 0xf0) << 4) | bytes[at + 2]! : ((middle & 0x0f) << 8) | bytes[at]!;
  return (value << 20) >> 20;
}

// What stands in the upper 6 bits of a word instead of a code.
const SKIP = 59;
const NUM = 60;
const SUB = 61;
const CHN = 62;
const AUX = 63;
const LAST_CODE = 49;

/**
 * The annotations of a file in MIT's form, in the order of time.
 *
 * @param samples length of the record: none may lie behind it
 * @throws FormatError for a file without end mark, codes that there are not, times out of the record
 */
export function readWfdbAnnotations(bytes: Uint8Array, samples = 2 ** 31): WfdbAnnotation[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: { -readonly [K in keyof WfdbAnnotation]: WfdbAnnotation[K] }[] = [];
  let time = 0;
  let num = 0;
  let channel = 0;
  let at = 0;
  const word = (): number => {
    if (at + 2 > bytes.length) fail(`readWfdbAnnotations: no end mark in ${bytes.length} bytes: truncated`);
    at += 2;
    return view.getUint16(at - 2, true);
  };
  for (let w = word(); w !== 0; w = word()) {
    const code = w >> 10;
    const value = w & 0x3ff;
    const last = found.at(-1);
    if (code === SKIP) {
      const high = word(); // the PDP-11's order: the high half first
      time += (high << 16) | word();
    } else if (code === NUM || code === SUB || code === CHN || code === AUX) {
      if (!last) return fail(`readWfdbAnnotations: byte ${at - 2} adds to an annotation, but there is none`);
      if (code === NUM) last.num = num = signed(value);
      else if (code === SUB) last.subtype = signed(value);
      else if (code === CHN) last.channel = channel = value & 0xff;
      else {
        if (at + value > bytes.length)
          fail(`readWfdbAnnotations: a text of ${value} bytes at ${at} ends behind the file`);
        const text = bytes.subarray(at, at + value);
        last.text = String.fromCharCode(...text).replace(/\0+$/, "");
        at += value + (value & 1);
      }
    } else if (code >= 1 && code <= LAST_CODE) {
      time += value;
      if (time < 0 || time >= samples)
        fail(`readWfdbAnnotations: annotation ${found.length} at ${time} is not in [0, ${samples})`);
      found.push({ sample: time, code, subtype: 0, channel, num, text: "" });
    } else fail(`readWfdbAnnotations: byte ${at - 2} has code ${code}, which there is not`);
  }
  return found;
}

/** NUM and SUB are signed bytes. */
function signed(value: number): number {
  return (value << 24) >> 24;
}
