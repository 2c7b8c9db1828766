// The arithmetic of einsum on labels: reading an equation, and which pair of operands to contract next. Numbers and
// strings only; the tensors: einsum.ts.

import { ShapeError } from "../gpu/errors.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";

/** One label an axis: a letter, or "..k" for the k-th axis of the ellipsis from the right. */
export type Labels = readonly string[];

export interface Equation {
  readonly inputs: readonly Labels[];
  readonly output: Labels;
  /** The size of every label. An operand may have 1 instead. */
  readonly sizes: ReadonlyMap<string, number>;
}

/**
 * Reads "ij,jk->ik". Without "->" the output has the labels that appear once, in alphabetical order, after the ellipsis.
 *
 * @throws ShapeError for a bad equation, or one that the shapes do not fit
 */
export function parseEquation(equation: string, shapes: readonly Shape[]): Equation {
  const [left, right, ...more] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (more.length > 0) throw new ShapeError(`einsum: more than one arrow in "${equation}"`);
  if (terms.length !== shapes.length)
    throw new ShapeError(`einsum: "${equation}" names ${terms.length} operands, ${shapes.length} were given`);
  const inputs = terms.map((term, k) => labelsOf(term, equation, shapes[k]));
  const sizes = new Map<string, number>();
  inputs.forEach((labels, k) => {
    labels.forEach((label, axis) => {
      const [size, known] = [shapes[k][axis], sizes.get(label) ?? 1];
      if (size !== known && size !== 1 && known !== 1) {
        const all = shapes.map(formatShape).join(" and ");
        throw new ShapeError(`einsum: ${label} of "${equation}" has sizes ${known} and ${size}, ${all}`);
      }
      sizes.set(label, known === 1 ? size : known);
    });
  });
  const dots = [...sizes.keys()].filter((l) => l.startsWith("..")).sort(byPlace);
  return { inputs, output: outputOf(right, inputs, dots, equation), sizes };
}

function outputOf(
  term: string | undefined,
  inputs: readonly Labels[],
  dots: Labels,
  equation: string,
): Labels {
  const all = inputs.flat();
  if (term === undefined) {
    const once = all.filter((l) => !l.startsWith("..") && all.indexOf(l) === all.lastIndexOf(l));
    return [...dots, ...once.sort()];
  }
  const output = split(term, equation).flatMap((l) => (l === "..." ? dots : [l]));
  for (const l of output) {
    if (!all.includes(l))
      throw new ShapeError(`einsum: ${l} of the output is in no operand of "${equation}"`);
    if (output.indexOf(l) !== output.lastIndexOf(l))
      throw new ShapeError(`einsum: ${l} appears twice in the output of "${equation}"`);
  }
  return output;
}

function labelsOf(term: string, equation: string, shape: Shape): Labels {
  const parts = split(term, equation);
  const named = parts.filter((l) => l !== "...").length;
  const rest = shape.length - named;
  if (rest < 0 || (rest > 0 && !parts.includes("..."))) {
    throw new ShapeError(
      `einsum: "${term}" of "${equation}" names ${named} axes, operand ${formatShape(shape)}`,
    );
  }
  const dots = Array.from({ length: rest }, (_, i) => `..${rest - 1 - i}`);
  return parts.flatMap((l) => (l === "..." ? dots : [l]));
}

function split(term: string, equation: string): string[] {
  const parts = term.match(/\.\.\.|[a-zA-Z]|./g) ?? [];
  const good = parts.every((l) => /^(\.\.\.|[a-zA-Z])$/.test(l));
  if (!good || parts.filter((l) => l === "...").length > 1)
    throw new ShapeError(`einsum: "${term}" of "${equation}" must be letters and at most one "..."`);
  return parts;
}

const byPlace = (a: string, b: string) => Number(b.slice(2)) - Number(a.slice(2));

export interface Contraction {
  /** In both operands, and needed later: one matrix product for each. */
  readonly batch: Labels;
  /** In both, and not needed later: summed. */
  readonly inner: Labels;
  /** In the first or the second only. */
  readonly left: Labels;
  readonly right: Labels;
}

/** How two operands meet; every label that is in only one of them must be needed later. */
export function contraction(a: Labels, b: Labels, needed: ReadonlySet<string>): Contraction {
  const both = a.filter((l) => b.includes(l));
  return {
    batch: both.filter((l) => needed.has(l)),
    inner: both.filter((l) => !needed.has(l)),
    left: a.filter((l) => !b.includes(l)),
    right: b.filter((l) => !a.includes(l)),
  };
}

/** The labels that the output or an operand other than `except` has. */
export function neededBeside(
  operands: readonly Labels[],
  output: Labels,
  except: readonly number[],
): Set<string> {
  return new Set([...output, ...operands.flatMap((labels, k) => (except.includes(k) ? [] : labels))]);
}

/** The pair whose result is smallest, of equal ones that with the least work: greedy, and quadratic in the operands. */
export function nextPair(
  operands: readonly Labels[],
  output: Labels,
  sizes: ReadonlyMap<string, number>,
): [number, number] {
  const product = (labels: Labels) => labels.reduce((n, l) => n * (sizes.get(l) ?? 1), 1);
  let best: [number, number] = [0, 1];
  let least: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < operands.length; i++) {
    for (let j = i + 1; j < operands.length; j++) {
      const c = contraction(operands[i], operands[j], neededBeside(operands, output, [i, j]));
      const result = product(c.batch) * product(c.left) * product(c.right);
      const grown = result - product(operands[i]) - product(operands[j]);
      const work = result * product(c.inner);
      if (grown < least[0] || (grown === least[0] && work < least[1])) {
        least = [grown, work];
        best = [i, j];
      }
    }
  }
  return best;
}
