// Beats of the MIT-BIH Arrhythmia Database (Moody & Mark 2001): windows of the signal around each annotated beat, and which of
// them are atrial premature. Reading the files: wfdb.ts.
import { FormatError, OptionError } from "../../gpu/errors.ts";
import { BEAT_LETTERS, readWfdbAnnotations, readWfdbHeader, readWfdbSignals } from "../formats/wfdb.ts";
import type { DataSource } from "./files.ts";

const URL = "https://physionet.org/files/mitdb/1.0.0/";
/** Of the files that hold numbers; headers are text, and copies of them differ in their comments. */
const SHA256: Readonly<Record<string, string>> = {
  "100.dat": "b2ea3c250e56e48f4b7b90697832b8ecd1afa1e0bb31f2dcfea4ed6e1075a639",
  "100.atr": "8d8a5349fb16638ebbf649f1779d12e96d91b736b2aafe59db43719ae583d471",
};

export const MITBIH_SOURCE: DataSource = {
  folder: "mitbih",
  help: (file) => {
    const sum = SHA256[file];
    return `put ${URL}${file}${sum ? ` (SHA-256 ${sum})` : ""} into data/mitbih`;
  },
};

export interface EcgRecord {
  readonly name: string;
  /** Samples a second. */
  readonly frequency: number;
  /** Names of the leads. */
  readonly leads: readonly string[];
  /** mV, one array a lead. */
  readonly signals: readonly Float32Array[];
  /** Of each beat, in the order of time. */
  readonly beats: readonly { readonly sample: number; readonly letter: string }[];
}

/** Reads NAME.hea, the file of signals it names, and NAME.atr. Throws FormatError where they do not fit. */
export async function loadEcg(read: (file: string) => Promise<Uint8Array>, name: string): Promise<EcgRecord> {
  const header = readWfdbHeader(new TextDecoder().decode(await read(`${name}.hea`)));
  const signals = readWfdbSignals(header, await read(header.signals[0]!.file));
  const annotations = readWfdbAnnotations(await read(`${name}.atr`), header.samples);
  const beats = annotations.flatMap(({ sample, code }) => {
    const letter = BEAT_LETTERS[code];
    return letter === undefined ? [] : [{ sample, letter }];
  });
  if (beats.length === 0) throw new FormatError(`loadEcg: ${name}.atr has no beats`);
  const leads = header.signals.map((s) => s.description);
  return { name: header.name, frequency: header.frequency, leads, signals, beats };
}

export interface BeatOptions {
  /** Seconds of the window before the beat's annotation. Default 1.2: the beat before is in sight. */
  readonly before?: number;
  /** Seconds behind it. Default 0.4. */
  readonly after?: number;
  /** Samples averaged to one. Default 4: 90 a second of 360. */
  readonly every?: number;
}

export interface Beats {
  /** f32 [n, leads, steps]: each window less its own mean, in mV. */
  readonly x: Float32Array;
  /** i32 [n]: 1 where the beat is of the letter asked for. */
  readonly y: Int32Array;
  /** Seconds since the beat before, of each beat. */
  readonly interval: Float32Array;
  /** Place of each beat in the record, in samples. */
  readonly sample: Int32Array;
  /** MIT's letter of each beat. */
  readonly letter: readonly string[];
  /** Samples of the record in a window, before and from the beat on. */
  readonly reach: readonly [before: number, after: number];
  readonly count: number;
  readonly leads: number;
  readonly steps: number;
}

/**
 * Windows around all beats that lie in the record with their window, the first beat (which has none before it) left out. A
 * window's mean is taken from it: a slow drift of the electrodes says nothing.
 */
export function cutBeats(record: EcgRecord, letter: string, options: BeatOptions = {}): Beats {
  const { before = 1.2, after = 0.4, every = 4 } = options;
  if (!(before > 0 && after > 0 && Number.isInteger(every) && every > 0))
    throw new OptionError(
      `cutBeats: needs seconds above 0 and whole samples, got ${before}, ${after}, ${every}`,
    );
  const { frequency, signals, beats } = record;
  const back = Math.round((before * frequency) / every);
  const steps = back + Math.round((after * frequency) / every);
  const length = signals[0]!.length;
  const places = beats.flatMap((beat, i) => {
    const from = beat.sample - back * every;
    return i > 0 && from >= 0 && from + steps * every <= length ? [i] : [];
  });
  const leads = signals.length;
  const x = new Float32Array(places.length * leads * steps);
  places.forEach((i, n) => {
    const from = beats[i]!.sample - back * every;
    signals.forEach((signal, lead) => {
      const row = x.subarray((n * leads + lead) * steps, (n * leads + lead + 1) * steps);
      window(signal, from, every, row);
    });
  });
  const gap = (i: number) => (beats[i]!.sample - beats[i - 1]!.sample) / frequency;
  return {
    x,
    y: Int32Array.from(places, (i) => (beats[i]!.letter === letter ? 1 : 0)),
    interval: Float32Array.from(places, gap),
    sample: Int32Array.from(places, (i) => beats[i]!.sample),
    letter: places.map((i) => beats[i]!.letter),
    reach: [back * every, (steps - back) * every],
    count: places.length,
    leads,
    steps,
  };
}

/** Means of `every` samples each, less the mean of the row. */
function window(signal: Float32Array, from: number, every: number, row: Float32Array): void {
  let total = 0;
  for (let t = 0; t < row.length; t++) {
    let sum = 0;
    for (let k = 0; k < every; k++) sum += signal[from + t * every + k]!;
    row[t] = sum / every;
    total += sum / every;
  }
  for (let t = 0; t < row.length; t++) row[t]! -= total / row.length;
}
