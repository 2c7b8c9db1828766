// What the rows of the rarer norms share.
import type { ErrorCase } from "../record.ts";

type Class = ErrorCase["type"];

export const errors = (...list: (readonly [string, () => unknown, RegExp, Class])[]): ErrorCase[] =>
  list.map(([name, run, message, type]) => ({ name, run, message, type }));
