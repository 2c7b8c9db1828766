// The families of kernels that can be tuned, each with a way to run it: what tuning.ts measures.

import type { Device } from "../gpu/device.ts";
import { ATTENTION, type AttentionShape, defaultAttention } from "./attention_choices.ts";
import type { AttentionPass } from "./attention_layout.ts";
import { attentionTrial } from "./attention_trial.ts";
import type { ConvGeometry } from "./conv2d_geometry.ts";
import type { Pass } from "./conv2d_tiles.ts";
import { convTrial } from "./conv2d_trial.ts";
import { convFamily, defaultVariant } from "./conv2d_variants.ts";
import {
  defaultLayerNorm,
  LAYER_NORM,
  type LayerNormPass,
  type LayerNormShape,
} from "./layer_norm_choices.ts";
import { layerNormTrial } from "./layer_norm_trial.ts";
import { defaultMatmul, MATMUL, type MatmulShape } from "./matmul_choices.ts";
import { matmulTrial } from "./matmul_trial.ts";
import { defaultRecurrent, RECURRENT, type RecurrentPass, type RecurrentShape } from "./recurrent_choices.ts";
import { recurrentTrial } from "./recurrent_trial.ts";
import { defaultReduction, REDUCE } from "./reduce_choices.ts";
import type { ReduceLayout } from "./reduce_layout.ts";
import { reduceTrial } from "./reduce_trial.ts";
import { defaultSoftmax, type RowShape, SOFTMAX, type SoftmaxPass } from "./softmax_choices.ts";
import { softmaxTrial } from "./softmax_trial.ts";
import type { TrialSetup } from "./trial_operands.ts";
import type { TuningFamily } from "./tuning_family.ts";

/** A family with a way to run it. */
interface Tunable {
  readonly family: TuningFamily<never>;
  readonly trial: (shape: never, device: Device) => TrialSetup;
  /** The name of what runs without a table. */
  readonly defaultOf: (shape: never, device: Device) => string;
}

const attention = (pass: AttentionPass): Tunable => ({
  family: ATTENTION[pass],
  trial: (shape: AttentionShape, device) => attentionTrial(pass, shape, device),
  defaultOf: (shape: AttentionShape, device) => defaultAttention(pass, shape, device),
});

const conv = (pass: Pass): Tunable => ({
  family: convFamily(pass),
  trial: (g: ConvGeometry, device) => convTrial(pass, g, device),
  defaultOf: (g: ConvGeometry, device) => defaultVariant(pass, g, device),
});

const softmax = (pass: SoftmaxPass): Tunable => ({
  family: SOFTMAX[pass],
  trial: (shape: RowShape, device) => softmaxTrial(pass, shape, device),
  defaultOf: (shape: RowShape, device) => defaultSoftmax(pass, shape, device),
});

const layerNorm = (pass: LayerNormPass): Tunable => ({
  family: LAYER_NORM[pass],
  trial: (shape: LayerNormShape, device) => layerNormTrial(pass, shape, device),
  defaultOf: (shape: LayerNormShape, device) => defaultLayerNorm(pass, shape, device),
});

const recurrent = (pass: RecurrentPass): Tunable => ({
  family: RECURRENT[pass],
  trial: (shape: RecurrentShape, device) => recurrentTrial(pass, shape, device),
  defaultOf: defaultRecurrent,
});

export const TUNABLES: readonly Tunable[] = [
  {
    family: MATMUL,
    trial: (shape: MatmulShape, device) => matmulTrial(shape, device),
    defaultOf: defaultMatmul,
  },
  conv("forward"),
  conv("dataGradient"),
  conv("weightGradient"),
  attention("forward"),
  attention("whole"),
  attention("queries"),
  attention("keys"),
  softmax("forward"),
  softmax("backward"),
  softmax("losses"),
  layerNorm("forward"),
  layerNorm("backward"),
  layerNorm("sums"),
  recurrent("forward"),
  recurrent("backward"),
  {
    family: REDUCE,
    trial: (layout: ReduceLayout, device) => reduceTrial(layout, device),
    defaultOf: defaultReduction,
  },
];
