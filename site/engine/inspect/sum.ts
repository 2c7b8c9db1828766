// Builds an Arithmetic: terms are added one by one, the first of them listed, all of them counted and summed in float64.

import type { Arithmetic, Factor, Term } from "../protocol.ts";
import { sumBound } from "./rounding.ts";

/** Terms that are listed; a table of more helps nobody. */
export const MOST_TERMS = 512;

export type Step = Arithmetic["steps"][number];

export class Sum {
  readonly terms: Term[] = [];
  count = 0;
  total = 0;
  /** Sum of the terms' sizes. */
  magnitude = 0;

  constructor(private readonly most = MOST_TERMS) {}

  /** Adds the product of two numbers; names are asked for only where the term is listed. */
  add(a: number, b: number, names: () => readonly [string, string]): void {
    const value = a * b;
    if (this.count < this.most) {
      const [first, second] = names();
      const factors: Factor[] = [
        { name: first, value: a },
        { name: second, value: b },
      ];
      this.terms.push({ factors, value });
    }
    this.take(value);
  }

  /** Adds a number that is no product, or one of more factors. */
  addTerm(...factors: readonly Factor[]): void {
    const value = factors.reduce((product, f) => product * f.value, 1);
    if (this.count < this.most) this.terms.push({ factors, value });
    this.take(value);
  }

  /** Rounding of this sum in f32. */
  bound(value = this.total): number {
    return sumBound(this.count, this.magnitude, value);
  }

  /** The sum as it is, or with further steps: `expected` is the last. */
  arithmetic(
    formula: string,
    value: number,
    more: { steps?: readonly Step[]; bound?: number } = {},
  ): Arithmetic {
    const steps = [{ name: "sum", value: this.total }, ...(more.steps ?? [])];
    const expected = steps.at(-1)!.value;
    const { terms, count } = this;
    return {
      formula,
      combine: "sum",
      terms,
      count,
      steps,
      expected,
      value,
      bound: more.bound ?? this.bound(),
    };
  }

  private take(value: number): void {
    this.count++;
    this.total += value;
    this.magnitude += Math.abs(value);
  }
}
