// The layer list of the Train page: what may stand in it, its text form, and the shapes that flow through it. Arithmetic alone, for
// the page and the worker; the layers themselves are made in model.ts.

/** A layer of a classifier of pictures. Names of the fields are those of the engine's options. */
export type LayerSpec =
  | {
      readonly kind: "conv";
      readonly channels: number;
      readonly kernel: number;
      readonly stride: number;
      readonly padding: number;
    }
  | { readonly kind: "maxpool" | "avgpool"; readonly kernel: number }
  | { readonly kind: "batchnorm" | "relu" | "gelu" | "tanh" | "sigmoid" | "flatten" }
  | { readonly kind: "dropout"; readonly p: number }
  | { readonly kind: "linear"; readonly features: number };

export type LayerKind = LayerSpec["kind"];

/** Shape of one sample, without the batch: [channels, height, width] or [features]. */
export type SampleShape = readonly number[];

export interface CheckedLayer {
  readonly layer: LayerSpec;
  /** Shapes of one sample in front of the layer and behind it; null behind a layer that does not fit. */
  readonly input: SampleShape | null;
  readonly output: SampleShape | null;
  readonly parameters: number;
  /** What is wrong, in words; null where it fits. */
  readonly fault: string | null;
}

export interface CheckedList {
  readonly layers: readonly CheckedLayer[];
  readonly parameters: number;
  /** First fault of the list, or that its end is not [classes]; null if a model can be made of it. */
  readonly fault: string | null;
}

export const LAYER_KINDS: readonly LayerKind[] = [
  "conv",
  "batchnorm",
  "relu",
  "gelu",
  "tanh",
  "sigmoid",
  "maxpool",
  "avgpool",
  "flatten",
  "dropout",
  "linear",
];

export const PRESETS: Readonly<Record<string, string>> = {
  lenet: "conv 8 k5 p2, relu, maxpool 2, conv 32 k5 p2, relu, maxpool 2, flatten, linear 10",
  "lenet with batch norm":
    "conv 8 k5 p2, batchnorm, relu, maxpool 2, conv 32 k5 p2, batchnorm, relu, maxpool 2, flatten, dropout 0.25, linear 10",
  small: "conv 4 k5 p2, relu, maxpool 4, flatten, linear 10",
  mlp: "flatten, linear 64, relu, linear 10",
  "logistic regression": "flatten, linear 10",
};

const MOST_LAYERS = 32;
const MOST_PARAMETERS = 4_000_000;

/** Text form, as in a link: `conv 8 k5 s1 p2, relu, ...`. Throws RangeError naming the part that is not understood. */
export function parseLayers(text: string): LayerSpec[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.length > MOST_LAYERS) throw new RangeError(`layers: at most ${MOST_LAYERS}, got ${parts.length}`);
  return parts.map(parseLayer);
}

function parseLayer(part: string): LayerSpec {
  const [kind = "", ...words] = part.split(/\s+/);
  const bad = (why: string): never => {
    throw new RangeError(`layers: "${part.slice(0, 40)}" ${why}`);
  };
  const number = (word: string | undefined, what: string, low: number, high: number): number => {
    const value = Number(word);
    if (word === undefined || !Number.isFinite(value) || value < low || value > high)
      return bad(`needs ${what} from ${low} to ${high}`);
    return value;
  };
  const whole = (word: string | undefined, what: string, low: number, high: number): number => {
    const value = number(word, what, low, high);
    return Number.isInteger(value) ? value : bad(`needs ${what} without a fraction`);
  };
  /** Numbers by place, then numbers by letter; anything else was meant to be something. */
  const only = (places: number, letters = ""): void => {
    const strange = words.find((w, i) => i >= places && !(letters.includes(w[0]!) && /^.\d+$/.test(w)));
    if (strange !== undefined) bad(`has "${strange}", which says nothing there`);
  };
  const letter = (l: string, what: string, low: number, high: number, otherwise?: number): number => {
    const word = words.find((w) => w.startsWith(l))?.slice(1);
    return word === undefined && otherwise !== undefined
      ? otherwise
      : whole(word, `${what} (${l}5)`, low, high);
  };
  switch (kind) {
    case "conv": {
      only(1, "ksp");
      const kernel = letter("k", "a kernel size", 1, 11, 3);
      return {
        ...{ kind, channels: whole(words[0], "channels", 1, 256), kernel },
        ...{ stride: letter("s", "a stride", 1, 8, 1), padding: letter("p", "a padding", 0, 10, 0) },
      };
    }
    case "maxpool":
    case "avgpool":
      only(1);
      return { kind, kernel: whole(words[0], "a size", 2, 16) };
    case "dropout":
      only(1);
      return { kind, p: number(words[0], "a probability", 0, 0.95) };
    case "linear":
      only(1);
      return { kind, features: whole(words[0], "features", 1, 4096) };
    case "batchnorm":
    case "relu":
    case "gelu":
    case "tanh":
    case "sigmoid":
    case "flatten":
      only(0);
      return { kind };
    default:
      return bad(`is no layer; there are ${LAYER_KINDS.join(", ")}`);
  }
}

export function layerText(layer: LayerSpec): string {
  switch (layer.kind) {
    case "conv": {
      const { channels, kernel, stride, padding } = layer;
      return `conv ${channels} k${kernel}${stride > 1 ? ` s${stride}` : ""}${padding > 0 ? ` p${padding}` : ""}`;
    }
    case "maxpool":
    case "avgpool":
      return `${layer.kind} ${layer.kernel}`;
    case "dropout":
      return `dropout ${layer.p}`;
    case "linear":
      return `linear ${layer.features}`;
    default:
      return layer.kind;
  }
}

export const layersText = (layers: readonly LayerSpec[]): string => layers.map(layerText).join(", ");

/** Shapes through the list, and what does not fit. `input`: [channels, height, width]; the end must be [classes]. */
export function checkLayers(layers: readonly LayerSpec[], input: SampleShape, classes: number): CheckedList {
  const checked: CheckedLayer[] = [];
  let shape: SampleShape | null = input;
  for (const layer of layers) {
    const step: Omit<CheckedLayer, "layer" | "input"> = shape
      ? through(layer, shape)
      : { output: null, parameters: 0, fault: null };
    checked.push({ layer, input: shape, ...step });
    shape = step.output;
  }
  const parameters = checked.reduce((sum, c) => sum + c.parameters, 0);
  const first = checked.findIndex((c) => c.fault !== null);
  const fault =
    first >= 0
      ? `layer ${first + 1}, ${layerText(layers[first]!)}: ${checked[first]!.fault}`
      : layers.length === 0
        ? "the list is empty"
        : shape?.length !== 1 || shape[0] !== classes
          ? `the last layer gives [${shape}], but there are ${classes} classes: end with linear ${classes}`
          : parameters > MOST_PARAMETERS
            ? `${parameters.toLocaleString("en")} parameters are more than this page trains (${MOST_PARAMETERS.toLocaleString("en")})`
            : null;
  return { layers: checked, parameters, fault };
}

function through(layer: LayerSpec, shape: SampleShape): Omit<CheckedLayer, "layer" | "input"> {
  const fits = (output: SampleShape, parameters = 0) => ({ output, parameters, fault: null });
  const fault = (why: string) => ({ output: null, parameters: 0, fault: why });
  const [c = 0, h = 0, w = 0] = shape;
  const picture = shape.length === 3;
  switch (layer.kind) {
    case "conv": {
      if (!picture) return fault(`needs a picture [channels, height, width], gets [${shape}]`);
      const { channels, kernel, stride, padding } = layer;
      const side = (s: number) => Math.floor((s + 2 * padding - kernel) / stride) + 1;
      if (side(h) < 1 || side(w) < 1)
        return fault(`its kernel of ${kernel} is larger than the padded picture ${h}x${w}`);
      return fits([channels, side(h), side(w)], channels * (c * kernel * kernel + 1));
    }
    case "maxpool":
    case "avgpool": {
      if (!picture) return fault(`needs a picture [channels, height, width], gets [${shape}]`);
      const side = (s: number) => Math.floor(s / layer.kernel);
      if (side(h) < 1 || side(w) < 1)
        return fault(`windows of ${layer.kernel} are larger than the picture ${h}x${w}`);
      return fits([c, side(h), side(w)]);
    }
    case "batchnorm":
      return picture
        ? fits(shape, 2 * c)
        : fault(`needs a picture [channels, height, width], gets [${shape}]`);
    case "flatten":
      return fits([shape.reduce((a, b) => a * b, 1)]);
    case "linear":
      if (shape.length !== 1) return fault(`needs a row of features, gets [${shape}]: put flatten in front`);
      return fits([layer.features], layer.features * (c + 1));
    default:
      return fits(shape);
  }
}
