// The .ts form of the UEA & UCR archive (sktime): series with several dimensions and a class.
//
//   @problemName X, @dimensions 6, @equalLength true, @seriesLength 100, @classLabel true Standing Running ...
//   @data
//   v,v,v,...:v,v,v,...:...:Standing       one series a line: dimensions apart by ':', the class at the end
//
// Series of unequal length, missing values (?), time stamps and sets without classes are refused, each by name.
import { FormatError, ShapeError } from "../../gpu/errors.ts";

export interface TsFile {
  readonly problem: string;
  readonly classes: readonly string[];
  /** f32 [n, dimensions, length] */
  readonly x: Float32Array;
  /** Which of `classes`: i32 [n]. */
  readonly y: Int32Array;
  readonly count: number;
  readonly dimensions: number;
  readonly length: number;
}

interface Head {
  problem: string;
  classes: string[];
  /** Null: the first series tells. */
  dimensions: number | null;
  length: number | null;
}

/**
 * Reads a whole file.
 *
 * @throws FormatError naming the line, for whatever is not as above
 * @throws ShapeError for series of unequal length
 */
export function readTsFile(text: string): TsFile {
  const lines = text.split(/\r?\n/);
  const head: Head = { problem: "", classes: [], dimensions: null, length: null };
  let at = 0;
  for (; at < lines.length; at++) {
    const line = lines[at]!.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (line.toLowerCase() === "@data") break;
    if (!line.startsWith("@"))
      throw new FormatError(`readTsFile: line ${at + 1} is data, but no @data stands above`);
    readField(line, head, at + 1);
  }
  if (at === lines.length) throw new FormatError("readTsFile: there is no @data");
  if (head.classes.length === 0) throw new FormatError("readTsFile: needs @classLabel true and the classes");
  return readSeries(lines, at + 1, head);
}

function readField(line: string, head: Head, number: number): void {
  const [key = "", ...values] = line.split(/\s+/);
  const first = (values[0] ?? "").toLowerCase();
  const refuse = (what: string): never => {
    throw new FormatError(`readTsFile: line ${number}: ${what}`);
  };
  const positive = (): number => {
    const value = /^\d+$/.test(first) ? Number(first) : 0;
    return value >= 1 && value <= 1e6
      ? value
      : refuse(`${key} must be a whole number above 0, got ${values.join(" ")}`);
  };
  switch (key.toLowerCase()) {
    case "@problemname":
      head.problem = values.join(" ");
      break;
    case "@dimension":
    case "@dimensions":
      head.dimensions = positive();
      break;
    case "@univariate":
      if (first === "true") head.dimensions = 1;
      break;
    case "@serieslength":
      head.length = positive();
      break;
    case "@equallength":
      if (first === "false") refuse("series of unequal length are not read; cut or pad them first");
      break;
    case "@timestamps":
      if (first === "true") refuse("series with time stamps are not read");
      break;
    case "@missing":
      if (first === "true") refuse("series with missing values are not read; fill them first");
      break;
    case "@classlabel":
      if (first !== "true" || values.length < 2) refuse("needs @classLabel true and the classes");
      head.classes = values.slice(1);
      if (new Set(head.classes).size !== head.classes.length) refuse("a class stands twice");
      break;
    default: // @targetLabel and whatever a later version adds: the data lines are checked all the same
      break;
  }
}

function readSeries(lines: readonly string[], from: number, head: Head): TsFile {
  const rows: Float32Array[] = [];
  const labels: number[] = [];
  for (let i = from; i < lines.length; i++) {
    const line = lines[i]!.trim();
    if (line === "" || line.startsWith("#")) continue;
    const parts = line.split(":");
    const label = parts.pop()!.trim();
    labels.push(head.classes.indexOf(label));
    if (labels.at(-1)! < 0)
      throw new FormatError(
        `readTsFile: line ${i + 1}: class ${label.slice(0, 40)} is none of ${head.classes.join(", ")}`,
      );
    head.dimensions ??= parts.length;
    if (parts.length !== head.dimensions)
      throw new FormatError(
        `readTsFile: line ${i + 1}: has ${parts.length} dimensions of ${head.dimensions}`,
      );
    rows.push(...parts.map((part, d) => readValues(part, head, i + 1, d)));
  }
  if (rows.length === 0) throw new FormatError("readTsFile: there is no series behind @data");
  const { problem, classes } = head;
  const [dimensions, length] = [head.dimensions!, head.length!];
  const x = new Float32Array(rows.length * length);
  rows.forEach((row, r) => {
    x.set(row, r * length);
  });
  return { problem, classes, x, y: Int32Array.from(labels), count: labels.length, dimensions, length };
}

function readValues(text: string, head: Head, line: number, dimension: number): Float32Array {
  const where = `readTsFile: line ${line}, dimension ${dimension + 1}`;
  const values = text.split(",");
  head.length ??= values.length;
  if (values.length !== head.length) {
    const rule = "series of unequal length are not read; cut or pad them first";
    throw new ShapeError(`${where}: ${values.length} values, ${head.length} before; ${rule}`);
  }
  return Float32Array.from(values, (value, t) => {
    const v = value.trim() === "" ? Number.NaN : Number(value);
    if (value.trim() === "?") throw new FormatError(`${where}: value ${t + 1} is missing (?); fill it first`);
    if (!Number.isFinite(Math.fround(v)))
      throw new FormatError(
        `${where}: value ${t + 1} must be a finite number, got ${value.trim().slice(0, 40)}`,
      );
    return v;
  });
}
