// BasicMotions (UEA archive): a smart watch's accelerometer and gyroscope while standing, running, walking, playing badminton;
// 6 channels of 100 steps at 10 Hz. The training file alone, 40 series: small enough to be judged by folds. Its form: ts_file.ts.
import { FormatError } from "../../gpu/errors.ts";
import { readTsFile, type TsFile } from "../formats/ts_file.ts";
import type { DataSource } from "./files.ts";

const FILE = "BasicMotions_TRAIN.ts";
const SHA256 = "8dc43cc6306cb679c888c01e26f91772ac4441a916da43bac8b79734a538b9d6";

export const BASIC_MOTIONS_SOURCE: DataSource = {
  folder: "basic-motions",
  help: (file) =>
    `unpack https://www.timeseriesclassification.com/aeon-toolkit/BasicMotions.zip and put ${file} (SHA-256 ${SHA256}) into data/basic-motions`,
};

/** Reads the file. Throws FormatError if it is no .ts file, or one of another set. */
export async function loadBasicMotions(read: (file: string) => Promise<Uint8Array>): Promise<TsFile> {
  const data = readTsFile(new TextDecoder().decode(await read(FILE)));
  if (data.problem !== "BasicMotions" || data.dimensions !== 6)
    throw new FormatError(`loadBasicMotions: ${FILE} is ${data.problem || "of no name"}, not BasicMotions`);
  return data;
}
