// einsum: sums of products over labelled axes, contracted two operands at a time as batched matrix products. Labels and
// order: einsum_plan.ts. Differentiable because its parts are.

import { OptionError } from "../gpu/errors.ts";
import { numel } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./binary.ts";
import { diagonal } from "./diagonal.ts";
import {
  contraction,
  type Equation,
  type Labels,
  neededBeside,
  nextPair,
  parseEquation,
} from "./einsum_plan.ts";
import { batchedMatmul } from "./matmul.ts";
import { permute } from "./permute.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";

/** A tensor whose axes have names, each once. */
interface Labelled {
  readonly t: Tensor;
  readonly labels: Labels;
}

/**
 * Einstein summation (torch.einsum): einsum("bij,bjk->bik", a, b). Every label not in the output is summed; a label twice
 * in one operand takes its diagonal; "..." stands for axes that broadcast; without "->" the labels that appear once are
 * the output, in alphabetical order. Any number of operands, contracted pair by pair, smallest result first.
 *
 * @param operands f32, or all i32 (no gradient)
 * @throws ShapeError for a bad equation, or one that the shapes do not fit; OptionError without operands; DTypeError for
 *   a product of other dtypes
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  if (operands.length === 0) throw new OptionError("einsum: needs at least one operand");
  const shapes = operands.map((t) => t.shape);
  const e = parseEquation(equation, shapes);
  let left: Labelled[] = operands.map((t, k) => withoutOnes(diagonals(t, e.inputs[k]), e));
  left = left.map((x, k) => summedOut(x, neededBeside(labelsOf(left), e.output, [k])));
  while (left.length > 1) {
    const [i, j] = nextPair(labelsOf(left), e.output, e.sizes);
    const product = contract(left[i], left[j], neededBeside(labelsOf(left), e.output, [i, j]));
    left = [...left.filter((_, k) => k !== i && k !== j), product];
  }
  const { t, labels } = left[0];
  const present = e.output.filter((l) => labels.includes(l));
  const y = permute(
    t,
    present.map((l) => labels.indexOf(l)),
  );
  return reshape(
    y,
    e.output.map((l) => e.sizes.get(l)!),
  );
}

const labelsOf = (list: readonly Labelled[]) => list.map((x) => x.labels);

/** Every label once: x_ii becomes its diagonal x_i. */
function diagonals(t: Tensor, labels: Labels): Labelled {
  const axis2 = labels.findIndex((l, i) => labels.indexOf(l) < i);
  if (axis2 < 0) return { t, labels };
  const axis1 = labels.indexOf(labels[axis2]);
  const rest = labels.filter((_, i) => i !== axis1 && i !== axis2);
  return diagonals(diagonal(t, { axis1, axis2 }), [...rest, labels[axis2]]);
}

/** Without the axes of size 1, which broadcast: all of that size come back at the end. */
function withoutOnes({ t, labels }: Labelled, { sizes }: Equation): Labelled {
  if (!t.shape.includes(1)) return { t, labels };
  const kept = labels.filter((_, i) => t.shape[i] !== 1);
  return {
    t: reshape(
      t,
      kept.map((l) => sizes.get(l)!),
    ),
    labels: kept,
  };
}

function summedOut({ t, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = [...labels.keys()].filter((i) => !needed.has(labels[i]));
  if (axes.length === 0) return { t, labels };
  return { t: sum(t, axes), labels: labels.filter((l) => needed.has(l)) };
}

/** [batch, left, inner] x [batch, inner, right], or without an inner label a product element by element. */
function contract(a: Labelled, b: Labelled, needed: ReadonlySet<string>): Labelled {
  const { batch, inner, left, right } = contraction(a.labels, b.labels, needed);
  const sizeOf = (x: Labelled, group: Labels) => group.map((l) => x.t.shape[x.labels.indexOf(l)]);
  const count = (x: Labelled, group: Labels) => numel(sizeOf(x, group));
  const labels = [...batch, ...left, ...right];
  const shape = [...sizeOf(a, batch), ...sizeOf(a, left), ...sizeOf(b, right)];
  const [n, m, p, k] = [count(a, batch), count(a, left), count(b, right), count(a, inner)];
  if (inner.length === 0) {
    const x = reshape(ordered(a, [...batch, ...left]), [n, m, 1]);
    const y = reshape(ordered(b, [...batch, ...right]), [n, 1, p]);
    return { t: reshape(mul(x, y), shape), labels };
  }
  // The order that needs no copy, if there is one: matrices may be stored transposed.
  const transA = inOrder(a, [...batch, ...inner, ...left]) && !inOrder(a, [...batch, ...left, ...inner]);
  const transB = inOrder(b, [...batch, ...right, ...inner]) && !inOrder(b, [...batch, ...inner, ...right]);
  const x = ordered(a, transA ? [...batch, ...inner, ...left] : [...batch, ...left, ...inner]);
  const y = ordered(b, transB ? [...batch, ...right, ...inner] : [...batch, ...inner, ...right]);
  const product = batchedMatmul(
    reshape(x, transA ? [n, k, m] : [n, m, k]),
    reshape(y, transB ? [n, p, k] : [n, k, p]),
    { transA, transB },
  );
  return { t: reshape(product, shape), labels };
}

const inOrder = (x: Labelled, labels: Labels) => labels.every((l, i) => l === x.labels[i]);

const ordered = (x: Labelled, labels: Labels): Tensor =>
  permute(
    x.t,
    labels.map((l) => x.labels.indexOf(l)),
  );
