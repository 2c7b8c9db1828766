// The bytes of a program file apart: what it says, and its tensors as views. Nothing of it touches a device.

import { FormatError } from "../gpu/errors.ts";
import { FORMAT, type ProgramSet, VERSION } from "./format.ts";

export interface ProgramFile {
  readonly set: ProgramSet;
  /** Bytes of a tensor of the file. Throws FormatError if there is none. */
  readonly bytes: (name: string) => Uint8Array<ArrayBuffer>;
}

type Header = Readonly<Record<string, { readonly data_offsets?: readonly number[] } | undefined>> & {
  readonly __metadata__?: Readonly<Record<string, string>>;
};

/** Throws FormatError for bytes that are no program file, or one of a newer form. */
export function readFile(file: Uint8Array): ProgramFile {
  const fail = (why: string): never => {
    throw new FormatError(`program file: ${why}`);
  };
  const length =
    file.length < 8 ? 0 : Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  if (length === 0 || length > file.length - 8) fail(`${file.length} bytes are not a whole file`);
  const header = parsed<Header>(new TextDecoder().decode(file.subarray(8, 8 + length)), fail);
  const { format, programs } = header.__metadata__ ?? {};
  if (format !== FORMAT || !programs) fail("this is another kind of file");
  const set = parsed<ProgramSet>(programs!, fail);
  if (set.version > VERSION) fail(`it is of form ${set.version}, newer than this runtime's ${VERSION}`);
  return {
    set,
    bytes: (name) => {
      const [begin = -1, end = -1] = header[name]?.data_offsets ?? [];
      const from = 8 + length + begin;
      if (begin < 0 || end < begin || 8 + length + end > file.length) fail(`${name} is missing or cut off`);
      return file.slice(from, 8 + length + end);
    },
  };
}

function parsed<T>(text: string, fail: (why: string) => never): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    return fail("its header cannot be read");
  }
}
