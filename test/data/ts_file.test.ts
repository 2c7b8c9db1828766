// The .ts form of the UEA archive: what is read, what is refused and how; folds.
import { describe, expect, test } from "vitest";
import { stratifiedFolds } from "../../src/data/folds.ts";
import { readTsFile } from "../../src/data/formats/ts_file.ts";
import { BASIC_MOTIONS_SOURCE, loadBasicMotions } from "../../src/data/sets/basic_motions.ts";
import { dataReader } from "../../src/data/sets/files.ts";
import { FormatError, OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { missing } from "../recipes/memory_files.ts";

const HEAD = `#The data
@problemName Small set
@timeStamps false
@missing false
@univariate false
@dimensions 2
@equalLength true
@seriesLength 3
@classLabel true up down
@data
`;

test("series by dimension, classes by name", () => {
  const found = readTsFile(`${HEAD}1,2,3:4,5,-6e1:down\r\n# no series\n\n0.5,0,1:1,1,1:up\n`);
  expect(found).toMatchObject({
    problem: "Small set",
    classes: ["up", "down"],
    count: 2,
    dimensions: 2,
    length: 3,
  });
  expect(Array.from(found.x)).toEqual([1, 2, 3, 4, 5, -60, 0.5, 0, 1, 1, 1, 1]);
  expect(Array.from(found.y)).toEqual([1, 0]);
});

test("the first series tells what the head does not", () => {
  const found = readTsFile("@classLabel true a b\n@DATA\n1,2:b\n3,4:a\n");
  expect(found).toMatchObject({ count: 2, dimensions: 1, length: 2, problem: "" });
});

describe("what is not read", () => {
  const refused: [string, string, new (...args: never[]) => Error, RegExp][] = [
    ["no data", "@classLabel true a b\n", FormatError, /there is no @data/],
    ["no series", HEAD, FormatError, /there is no series behind @data/],
    ["no classes", "@data\n1,2:a\n", FormatError, /needs @classLabel true/],
    ["classes off", "@classLabel false\n@data\n", FormatError, /line 1: needs @classLabel true/],
    ["a class twice", "@classLabel true a a\n@data\n", FormatError, /line 1: a class stands twice/],
    ["data first", "1,2,3:up\n", FormatError, /line 1 is data, but no @data stands above/],
    ["another class", `${HEAD}1,2,3:4,5,6:left\n`, FormatError, /line 11: class left is none of up, down/],
    ["dimensions", `${HEAD}1,2,3:up\n`, FormatError, /line 11: has 1 dimensions of 2/],
    [
      "length",
      `${HEAD}1,2,3:4,5:up\n`,
      ShapeError,
      /line 11, dimension 2: 2 values, 3 before; series of unequal length/,
    ],
    ["missing", `${HEAD}1,2,3:4,?,6:up\n`, FormatError, /dimension 2: value 2 is missing \(\?\)/],
    [
      "NaN",
      `${HEAD}1,NaN,3:4,5,6:up\n`,
      FormatError,
      /dimension 1: value 2 must be a finite number, got NaN/,
    ],
    ["beyond f32", `${HEAD}1,1e39,3:4,5,6:up\n`, FormatError, /must be a finite number, got 1e39/],
    ["nothing", `${HEAD}1,,3:4,5,6:up\n`, FormatError, /value 2 must be a finite number/],
    ["unequal", "@equalLength false\n", FormatError, /line 1: series of unequal length/],
    ["missing said", "@missing true\n", FormatError, /series with missing values/],
    ["time stamps", "@timeStamps true\n", FormatError, /time stamps/],
    ["a huge head", "@seriesLength 99999999999\n", FormatError, /@seriesLength must be a whole number/],
    ["no number", "@dimensions many\n", FormatError, /@dimensions must be a whole number above 0, got many/],
  ];
  test.each(refused)("%s", (_, text, kind, message) => {
    expect(() => readTsFile(text)).toThrow(kind);
    expect(() => readTsFile(text)).toThrow(message);
  });

  test("another set under BasicMotions' name", async () => {
    const text = `${HEAD}1,2,3:4,5,6:up\n`;
    await expect(loadBasicMotions(async () => new TextEncoder().encode(text))).rejects.toThrow(
      /is Small set, not BasicMotions/,
    );
  });
});

describe("stratifiedFolds", () => {
  test("classes are spread evenly, all folds of one size", () => {
    const y = Array.from({ length: 40 }, (_, i) => Math.floor(i / 10));
    const folds = stratifiedFolds(y, 5, 0);
    for (let f = 0; f < 5; f++)
      for (let c = 0; c < 4; c++)
        expect(y.filter((label, i) => label === c && folds[i] === f)).toHaveLength(2);
    expect(stratifiedFolds(y, 5, 0)).toEqual(folds);
    expect(stratifiedFolds(y, 5, 1)).not.toEqual(folds);
  });

  test("too few of a class", () => {
    expect(() => stratifiedFolds([0, 0, 0, 1, 1], 3, 0)).toThrow(
      /class 1 has 2 samples, too few for 3 folds/,
    );
    expect(() => stratifiedFolds([0, 1], 1, 0)).toThrow(OptionError);
  });
});

describe.skipIf(await missing(BASIC_MOTIONS_SOURCE, "BasicMotions_TRAIN.ts"))("BasicMotions", () => {
  test("40 series of 6 channels, 10 of each class", async () => {
    const { count, dimensions, length, classes, y, x } = await loadBasicMotions(
      dataReader(BASIC_MOTIONS_SOURCE),
    );
    expect({ count, dimensions, length }).toEqual({ count: 40, dimensions: 6, length: 100 });
    expect(classes).toEqual(["Standing", "Running", "Walking", "Badminton"]);
    expect(classes.map((_, c) => y.filter((v) => v === c).length)).toEqual([10, 10, 10, 10]);
    expect(x[0]).toBeCloseTo(0.079106, 6);
  });
});
