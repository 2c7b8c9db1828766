// A run folder whose book is short: a few words in an order drawn by a seed, in place of Moby-Dick.

import { Generator } from "../../src/tensor/philox.ts";
import { MemoryFiles } from "./memory_files.ts";

const WORDS = "the whale swims and dives below a white sail".split(" ");

export function smallBook(from?: MemoryFiles): MemoryFiles {
  const files = new MemoryFiles(from);
  files.reader = () => async (file) => {
    const order = new Generator(0).fork(file).integers(30, 0, WORDS.length);
    return new TextEncoder().encode(Array.from(order, (k) => WORDS[k]).join(" "));
  };
  return files;
}
