// Numbers on the command line: what Number() forgives ("", "0x10", " 3") is refused here.
import { InvalidArgumentError } from "commander";

const INTEGER = /^\d+$/;
const DECIMAL = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function refuse(rule: string): never {
  throw new InvalidArgumentError(rule);
}

/** A whole number of at least 1. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  return INTEGER.test(text) && value >= 1 && Number.isSafeInteger(value)
    ? value
    : refuse("It must be a whole number of at least 1.");
}

/** A place in a list: a whole number from 0. */
export function place(text: string): number {
  const value = Number(text);
  return INTEGER.test(text) && Number.isSafeInteger(value)
    ? value
    : refuse("It must be a whole number from 0.");
}

/** A number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  return DECIMAL.test(text) && value > 0 && Number.isFinite(value)
    ? value
    : refuse("It must be a number above 0.");
}

/** A seed: 32 bits of the generator's 64, which every tool and file format can write. */
export function seed(text: string): number {
  const value = Number(text);
  return INTEGER.test(text) && value < 2 ** 32
    ? value
    : refuse("It must be a whole number from 0 to 4294967295.");
}
