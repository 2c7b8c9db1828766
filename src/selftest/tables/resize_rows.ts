// What the rows of resizing and sampling share: clipping, the cubic kernel, error cases.
import { OptionError } from "../../gpu/errors.ts";
import type { ErrorCase } from "../record.ts";

export const clip = (v: number, n: number) => Math.min(Math.max(v, 0), n - 1);

export function keys(d: number, a: number): number {
  const x = Math.abs(d);
  if (x >= 2) return 0;
  return x < 1 ? (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1 : a * (x ** 3 - 5 * x ** 2 + 8 * x - 4);
}

export const option = (
  name: string,
  f: () => unknown,
  message: RegExp,
  type: ErrorCase["type"] = OptionError,
) => ({
  name,
  run: f,
  message,
  type,
});
