// Functions from functions of tensors (torch.autograd.functional, torch.func): value and gradient, products with Jacobian
// and Hessian, both matrices in full. Reverse mode alone: a jvp is the gradient of a vjp. Of one recorded result: grad.

import { ShapeError, UsageError } from "../gpu/errors.ts";
import { stack } from "../kernels/concat.ts";
import { reshape } from "../kernels/reshape.ts";
import { grad } from "../tensor/autograd.ts";
import { onesLike, tensor, zerosLike } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import { enableGrad } from "../tensor/mode.ts";
import { identity } from "../tensor/primitives.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

export type OneOrMore = Tensor | readonly Tensor[];
/** One T for a tensor, a list of T for a list. */
export type Like<X extends OneOrMore, T> = X extends Tensor ? T : T[];

export interface TransformOptions {
  /** Keep the results on the tape, so that they can be differentiated with respect to the inputs. Default false. */
  readonly createGraph?: boolean;
}

export interface ValueAndGradOptions extends TransformOptions {
  /** Which arguments to differentiate. Default: every f32 tensor. */
  readonly wrt?: readonly number[];
}

type ScalarFunction<A extends readonly unknown[]> = (...args: A) => Tensor;

/**
 * The function that gives fn's value and its gradients: `const [loss, [dw]] = valueAndGrad(fn)(w)` (jax.value_and_grad).
 * Closed-over parameters get no `grad`.
 *
 * @throws UsageError, when called, if fn gives more than one element or does not depend on an argument named in `wrt`
 */
export function valueAndGrad<A extends readonly unknown[]>(
  fn: ScalarFunction<A>,
  { wrt, createGraph = false }: ValueAndGradOptions = {},
): (...args: A) => [Tensor, Tensor[]] {
  return (...args) => {
    const tensors = args.flatMap((a, i) => (a instanceof Tensor && isFloat(a.dtype) ? [i] : []));
    const places = wrt ?? tensors;
    if (places.length === 0 || places.some((i) => !tensors.includes(i)))
      throw new UsageError(`valueAndGrad: wrt must name f32 tensors among ${args.length} arguments`);
    return transform(createGraph, () => {
      const inputs = recorded(
        places.map((i) => args[i] as Tensor),
        createGraph,
      );
      const given = args.map((a, i) => inputs[places.indexOf(i)] ?? a) as unknown as A;
      const value = scalar("valueAndGrad", fn(...given));
      const found = gradients(value, inputs, onesLike(value), createGraph);
      return [result(value, createGraph), found.map((g, i) => g ?? zerosLike(inputs[i]))];
    });
  };
}

/** The function that gives fn's gradients alone (jax.grad); see valueAndGrad. */
export function gradOf<A extends readonly unknown[]>(
  fn: ScalarFunction<A>,
  options: ValueAndGradOptions = {},
): (...args: A) => Tensor[] {
  const both = valueAndGrad(fn, options);
  return (...args) => both(...args)[1];
}

/**
 * [fn(...inputs), v^T J]: the gradients of sum(fn * v) (torch.autograd.functional.vjp).
 *
 * @param v one cotangent an output, of its shape; may be left out for one element
 * @throws ShapeError if v does not have the shapes of the outputs
 */
export function vjp<I extends OneOrMore, O extends OneOrMore>(
  fn: (...inputs: Tensor[]) => O,
  inputs: I,
  v?: OneOrMore,
  { createGraph = false }: TransformOptions = {},
): [O, Like<I, Tensor>] {
  return transform(createGraph, () => {
    const xs = recorded(list(inputs), createGraph);
    const value = fn(...xs);
    const ys = list(value);
    const dys = v ? list(v) : [onesLike(scalar("vjp", ys[0]))];
    checkLike("vjp", "outputs", ys, dys);
    const found = gradients(ys, xs, dys, createGraph);
    const filled = found.map((g, i) => g ?? zerosLike(xs[i]));
    return [detached(value, createGraph), like(inputs, filled)];
  });
}

/**
 * [fn(...inputs), J v]: how the outputs move when the inputs move along v (torch.autograd.functional.jvp). Found as the
 * gradient of v^T J with respect to its v, so fn needs gradients of gradients.
 *
 * @param v one tangent an input, of its shape
 * @throws ShapeError if v does not have the shapes of the inputs
 */
export function jvp<I extends OneOrMore, O extends OneOrMore>(
  fn: (...inputs: Tensor[]) => O,
  inputs: I,
  v: OneOrMore,
  { createGraph = false }: TransformOptions = {},
): [O, O] {
  checkLike("jvp", "inputs", list(inputs), list(v));
  return transform(createGraph, () => {
    const xs = recorded(list(inputs), createGraph);
    const value = fn(...xs);
    const ys = list(value);
    const dys = ys.map((y) => {
      const dy = zerosLike(y); // v^T J is linear in it: any value would do
      if (isFloat(y.dtype)) dy.requiresGrad = true;
      return dy;
    });
    const rows = gradients(ys, xs, dys, true);
    const used = rows.flatMap((g, i) => (g?.requiresGrad ? [i] : []));
    const moved = gradients(
      used.map((i) => rows[i]!),
      dys,
      used.map((i) => list(v)[i]),
      createGraph,
    );
    return [detached(value, createGraph), like(value, filledLike(moved, ys)) as OneOrMore as O];
  });
}

/**
 * [fn(...inputs), H v] of a function with one element (torch.autograd.functional.hvp), by two backward passes: H is never
 * formed.
 *
 * @throws UsageError if fn gives more than one element; ShapeError if v does not have the shapes of the inputs
 */
export function hvp<I extends OneOrMore>(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: I,
  v: OneOrMore,
  { createGraph = false }: TransformOptions = {},
): [Tensor, Like<I, Tensor>] {
  checkLike("hvp", "inputs", list(inputs), list(v));
  return transform(createGraph, () => {
    const xs = recorded(list(inputs), createGraph);
    const value = scalar("hvp", fn(...xs));
    const first = gradients(value, xs, onesLike(value), true);
    const used = first.flatMap((g, i) => (g?.requiresGrad ? [i] : []));
    const second = gradients(
      used.map((i) => first[i]!),
      xs,
      used.map((i) => list(v)[i]),
      createGraph,
    );
    return [result(value, createGraph), like(inputs, filledLike(second, xs))];
  });
}

/**
 * d fn / d inputs in full, one backward pass per output element (torch.autograd.functional.jacobian).
 *
 * Shapes: for every output and input [...output, ...input]. A list of outputs gives a list over them, a list of inputs lists
 * within: `jacobian(fn, [a, b])` of one output is `[dA, dB]`.
 */
export function jacobian<I extends OneOrMore, O extends OneOrMore>(
  fn: (...inputs: Tensor[]) => O,
  inputs: I,
  { createGraph = false }: TransformOptions = {},
): Like<O, Like<I, Tensor>> {
  return transform(createGraph, () => {
    const xs = recorded(list(inputs), createGraph);
    const value = fn(...xs);
    const all = list(value).map((y) => like(inputs, rowsOf(y, xs, createGraph)));
    return (value instanceof Tensor ? all[0] : all) as Like<O, Like<I, Tensor>>;
  });
}

/**
 * The second derivatives of a function with one element: the Jacobian of its gradient (torch.autograd.functional.hessian).
 *
 * Shapes: [...input, ...input]; for a list of inputs a list of lists, [i][j] of shape [...input i, ...input j].
 *
 * @throws UsageError if fn gives more than one element
 */
export function hessian<I extends OneOrMore>(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: I,
  options: TransformOptions = {},
): Like<I, Like<I, Tensor>> {
  const gradient = (...xs: Tensor[]): OneOrMore => {
    const value = scalar("hessian", fn(...xs));
    const found = gradients(value, xs, onesLike(value), true);
    return like(inputs, filledLike(found, xs)) as OneOrMore;
  };
  return jacobian(gradient, inputs, options) as Like<I, Like<I, Tensor>>;
}

/** [...y, ...x] for every x. */
function rowsOf(y: Tensor, xs: readonly Tensor[], createGraph: boolean): Tensor[] {
  const rows = Array.from({ length: y.size }, (_, k) => {
    const unit = new Float32Array(y.size);
    unit[k] = 1;
    const dy = tensor(unit, { shape: y.shape, device: y.device });
    return filledLike(gradients(y, xs, dy, createGraph, true), xs);
  });
  return xs.map((x, i) => {
    const shape = [...y.shape, ...x.shape];
    if (rows.length === 0) return tensor(new Float32Array(0), { shape, device: x.device });
    return reshape(stack(rows.map((r) => r[i])), shape);
  });
}

/** Gradients of the outputs that are on the tape; null where nothing depends. */
function gradients(
  ys: OneOrMore,
  xs: readonly Tensor[],
  dys: OneOrMore,
  createGraph: boolean,
  retainGraph = createGraph,
): (Tensor | null)[] {
  const [roots, cotangents] = [list(ys), list(dys)];
  const used = roots.flatMap((y, i) => (y.requiresGrad ? [i] : []));
  if (used.length === 0) return xs.map(() => null);
  return grad(
    used.map((i) => roots[i]),
    xs,
    { gradOutputs: used.map((i) => cotangents[i]), createGraph, retainGraph, allowUnused: true },
  );
}

/** Inputs that record: the caller's own tape reaches through them only under createGraph. */
function recorded(inputs: readonly Tensor[], createGraph: boolean): Tensor[] {
  return inputs.map((x) => {
    if (createGraph && x.requiresGrad) return identity(x);
    const leaf = x.alias();
    leaf.requiresGrad = true;
    return leaf;
  });
}

/** Frees what `fn` makes but its results; a recorded result needs its tape, which then belongs to the caller's scope. */
function transform<R>(createGraph: boolean, fn: () => R): R {
  return enableGrad(() => (createGraph ? fn() : scope(fn, "transform")));
}

const result = (t: Tensor, createGraph: boolean): Tensor => (createGraph ? t : t.alias());

function detached<O extends OneOrMore>(value: O, createGraph: boolean): O {
  return like(
    value,
    list(value).map((t) => result(t, createGraph)),
  ) as OneOrMore as O;
}

const list = (x: OneOrMore): readonly Tensor[] => (x instanceof Tensor ? [x] : x);

function like<X extends OneOrMore, T>(x: X, items: T[]): Like<X, T> {
  return (x instanceof Tensor ? items[0] : items) as Like<X, T>;
}

const filledLike = (found: readonly (Tensor | null)[], xs: readonly Tensor[]): Tensor[] =>
  xs.map((x, i) => found[i] ?? zerosLike(x));

function scalar(name: string, y: Tensor): Tensor {
  if (y.size === 1) return y;
  throw new UsageError(`${name}: the function must give one element, got ${formatShape(y.shape)}`);
}

function checkLike(name: string, what: string, wanted: readonly Tensor[], v: readonly Tensor[]): void {
  if (wanted.length === v.length && wanted.every((t, i) => sameShape(t.shape, v[i].shape))) return;
  const shapes = (ts: readonly Tensor[]) => ts.map((t) => formatShape(t.shape)).join(" ");
  throw new ShapeError(
    `${name}: v must have the shapes of the ${what}, ${what} ${shapes(wanted)}, v ${shapes(v)}`,
  );
}
