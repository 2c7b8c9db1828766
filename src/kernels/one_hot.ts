// oneHot: ids as rows of zeros with a single 1, y[.., c] = (ids[..] == c). No gradient.

import { DTypeError, OptionError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { oneHot as oneHotShader } from "../gpu/shaders.gen.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { checkIndex } from "./gather.ts";
import { reportIndices } from "./index_check.ts";

const run = kernel(oneHotShader);
const WG = 64;

export interface OneHotOptions {
  /** Default "i32", as in PyTorch. */
  readonly dtype?: "i32" | "f32" | "f16";
}

/**
 * ids [...] -> [..., classes] (torch.nn.functional.one_hot). An id that is no class gives a row of zeros.
 *
 * @param ids i32
 * @throws DTypeError unless ids is i32; OptionError unless classes is a positive integer; IndexError in debug mode,
 *   at the next await, for an id that is no class
 */
export function oneHot(ids: Tensor, classes: number, options: OneHotOptions = {}): Tensor {
  const y = oneHotOrZero(ids, classes, options);
  reportIndices("oneHot", ids, classes);
  return y;
}

/** oneHot where ids may be no class: never reported. */
export function oneHotOrZero(ids: Tensor, classes: number, options: OneHotOptions = {}): Tensor {
  const { dtype = "i32" } = options;
  checkIndex("oneHot", ids);
  if (dtype !== "i32" && !isFloat(dtype))
    throw new DTypeError(`oneHot: dtype must be i32, f32 or f16, got ${dtype}`);
  if (!Number.isInteger(classes) || classes < 1)
    throw new OptionError(`oneHot: classes must be a positive integer, got ${classes}`);
  const [y] = op("oneHot", [ids], () => {
    const y = empty([...ids.shape, classes], dtype, ids.device);
    run(
      { ids, y },
      { size: y.size, classes },
      {
        grid: grid1d(Math.ceil(y.size / WG)),
        types: { T: dtype === "i32" ? "i32" : "f32" },
        label: "oneHot",
      },
    );
    return { outputs: [y] };
  });
  return y;
}
