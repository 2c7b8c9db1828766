// What the page and the worker say to each other. The page calls methods (each answered once), the worker sends events, at most
// ten a second. Everything here is plain data that postMessage can copy.

import type { LayerSpec } from "./layers.ts";
import type { Field } from "./receptive_field.ts";

/** What decides a run: the same config gives the same curve on the same adapter. It is what a link holds. */
export interface RunConfig {
  /** `mnist`, or `own`: pictures that were dropped on the page, which a link cannot hold. */
  readonly data: "mnist" | "own";
  readonly layers: readonly LayerSpec[];
  readonly optimizer: OptimizerName;
  readonly lr: number;
  readonly schedule: ScheduleName;
  readonly batch: number;
  readonly epochs: number;
  readonly seed: number;
  /** Stop when the validation loss has not improved for this many epochs; 0: never. */
  readonly patience: number;
}

export type OptimizerName = "sgd" | "adam" | "adamw" | "rmsprop";
export type ScheduleName = "constant" | "cosine" | "warmup";

export interface AdapterReport {
  readonly name: string;
  readonly software: boolean;
  readonly vendor: string;
  readonly architecture: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** Why there is no GPU: each has a message of its own. */
export type NoGpu = "insecure" | "no-webgpu" | "no-adapter" | "failed";

export type Opened =
  | { readonly ok: true; readonly adapter: AdapterReport }
  | { readonly ok: false; readonly why: NoGpu; readonly detail: string };

export interface SelfTestRow {
  readonly name: string;
  /** Largest difference to the CPU's float64 result, relative to 1 + |value|. */
  readonly error: number;
  readonly bound: number;
  readonly ms: number;
  readonly ok: boolean;
}

/** `pausing`: no step is begun any more, but those on their way have not ended. */
export type RunState = "paused" | "pausing" | "running" | "finished" | "recovering" | "failed";

export interface ValidationPoint {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** One point of the curves: means since the point before. */
export interface CurvePoint extends ValidationPoint {
  readonly lr: number;
}

/** The state of a run, in full with `start`, then in parts. */
export interface RunInfo {
  readonly config: RunConfig;
  readonly classes: readonly string[];
  /** [channels, height, width] */
  readonly inputShape: readonly number[];
  readonly counts: { readonly train: number; readonly validation: number; readonly test: number };
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly parameters: number;
  /** Why the list of dispatches looks as it does: counted at the first step. */
  readonly dispatches: number;
}

/** At most ten a second while a run goes on. New points only; the page keeps the curves. */
export interface Progress {
  readonly state: RunState;
  readonly step: number;
  readonly points: readonly CurvePoint[];
  readonly validation: readonly ValidationPoint[];
  readonly imagesPerSecond: number;
  /** Seconds to the end; null where unknown. */
  readonly eta: number | null;
  readonly gpuBytes: number;
  readonly dispatches: number;
  readonly submits: number;
  /** In words, where the state needs some: why it stopped, what was recovered. */
  readonly message: string | null;
}

export interface KernelTime {
  readonly kernel: string;
  /** Milliseconds of a step on the GPU, median of some. */
  readonly ms: number;
  readonly dispatches: number;
}

/** A picture with what the model says of it. */
export interface Judged {
  /** Place in its part of the data. */
  readonly index: number;
  readonly label: number;
  readonly guess: number;
  readonly probability: number;
  /** u8 grey [height, width], the picture as it is on disk. */
  readonly pixels: Uint8Array;
}

export interface Confusion {
  readonly step: number;
  readonly classes: readonly string[];
  /** counts[label * classes + guess] over the test pictures. */
  readonly counts: readonly number[];
  readonly accuracy: number;
}

/** The outputs of every layer for one picture, with the weights of one step. */
export interface LayerMaps {
  readonly step: number;
  readonly layers: readonly LayerMap[];
  /** Probabilities of the classes. */
  readonly probabilities: readonly number[];
}

export interface LayerMap {
  /** Place in the config's list; -1: the input. */
  readonly layer: number;
  readonly text: string;
  /** Shape of one sample. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
  readonly weight: { readonly shape: readonly number[]; readonly values: Float32Array } | null;
  readonly bias: Float32Array | null;
}

export type PictureRef =
  | { readonly part: "train" | "validation" | "test"; readonly index: number }
  | { readonly drawn: Uint8Array };

/** One element to be opened: of a layer's output (or the input, layer -1) or of a parameter. */
export interface ElementRef {
  readonly layer: number;
  readonly tensor: "output" | "weight" | "bias";
  /** Index into the tensor; of an output with the sample first: [n, c, y, x] or [n, features]. */
  readonly index: readonly number[];
}

export interface Factor {
  /** `x[0,1,3,4]`: the tensor's short name and the index. */
  readonly name: string;
  readonly value: number;
}

/** A line of arithmetic: the product of its factors is one term of the sum. */
export interface Term {
  readonly factors: readonly Factor[];
  readonly value: number;
}

/** How one number came about: a sum of terms, and what was done to the sum. */
export interface Arithmetic {
  /** In words and symbols: `y[n,o,i,j] = b[o] + sum w[o,c,u,v] x[n,c,i+u-p,j+v-p]`. */
  readonly formula: string;
  /** What is made of the terms: their sum, or the largest of them (max pooling). */
  readonly combine: "sum" | "max";
  readonly terms: readonly Term[];
  /** Of all terms, those not listed included. */
  readonly count: number;
  /** The float64 sum (or largest) of all terms first, then each further step by name. */
  readonly steps: readonly { readonly name: string; readonly value: number }[];
  /** What the CPU gets in float64. */
  readonly expected: number;
  /** What the GPU has. */
  readonly value: number;
  /** A bound of f32 rounding for this sum; |value - expected| must not exceed it. */
  readonly bound: number;
}

export interface ShaderView {
  /** Place in the program's dispatches. */
  readonly at: number;
  readonly file: string;
  readonly label: string;
  readonly kernel: string;
  /** The very string given to createShaderModule. */
  readonly wgsl: string;
  readonly overrides: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number | "host">>;
  readonly bindings: readonly {
    readonly name: string;
    readonly access: string;
    readonly shape: readonly number[] | null;
    readonly bytes: number;
  }[];
  readonly grid: readonly [number, number, number];
  readonly flops: number;
  readonly bytes: number;
  /** Microseconds on the GPU, median; null without timestamps. */
  readonly us: number | null;
  /** Shares of the measured roofs; null without them. */
  readonly gflops: number | null;
  readonly gbs: number | null;
}

/** What a binding held; null where the step does not tell. */
export interface BindingData {
  readonly name: string;
  /** `@binding` */
  readonly binding: number;
  readonly access: "read" | "read_write";
  /** WGSL's name of the stored element, and its shape; null where an optional binding is not given. */
  readonly type: string | null;
  readonly shape: readonly number[] | null;
  readonly before: Float32Array | Int32Array | Uint32Array | null;
  readonly after: Float32Array | Int32Array | Uint32Array | null;
}

/** What the stepper needs to run an invocation of a dispatch again. */
export interface DispatchData {
  readonly at: number;
  readonly bindings: readonly BindingData[];
  readonly params: readonly {
    readonly name: string;
    readonly type: "u32" | "i32" | "f32";
    readonly offset: number;
    /** Null: read from the host in the step, and not known any more. */
    readonly value: number | null;
  }[];
  readonly paramsBytes: number;
}

/** One invocation to be run again on the CPU (parts/inspector/stepper.ts): the one that wrote an element. */
export interface SteppedInvocation {
  /** The dispatch, or the naive rung of its ladder where it cannot be run alone: `note` says so. */
  readonly view: ShaderView;
  readonly data: DispatchData;
  /** `global_invocation_id` */
  readonly invocation: readonly [number, number, number];
  /** Binding and element that it writes, and what the GPU has there. */
  readonly output: string;
  readonly element: number;
  readonly value: number;
  readonly note: string | null;
}

export interface Inspection {
  readonly ref: ElementRef;
  readonly step: number;
  /** `retained`: the variant of the training step that keeps everything. */
  readonly variant: string;
  readonly label: string;
  readonly shape: readonly number[];
  readonly value: number;
  readonly statistics: {
    readonly min: number;
    readonly max: number;
    readonly mean: number;
    readonly std: number;
    readonly zeros: number;
  };
  /** How the value was computed; null for a parameter. */
  readonly why: Arithmetic | null;
  /** Receptive field on the input picture; null where there is none. */
  readonly field: Field | null;
  /** The picture of the sample, u8 grey [h, w]. */
  readonly picture: Uint8Array | null;
  /** The gradient of the loss by this element and its terms; null where it has none. */
  readonly back: Arithmetic | null;
  /** What the optimizer made of it, line by line; only for parameters. */
  readonly update:
    | readonly { readonly name: string; readonly formula: string; readonly value: number }[]
    | null;
  /** The last line of `update` against the weight that the GPU wrote; null likewise. */
  readonly after: { readonly value: number; readonly expected: number; readonly bound: number } | null;
  /** The dispatches that wrote the value, and those that wrote the gradient. */
  readonly forward: readonly ShaderView[];
  readonly backward: readonly ShaderView[];
}

export interface BenchRow {
  readonly name: string;
  readonly kind: "kernel" | "step";
  /** Largest relative difference to the CPU; null where it is not compared. */
  readonly error: number | null;
  readonly ok: boolean;
  readonly medianUs: number;
  /** Quartiles of the rounds. */
  readonly lowUs: number;
  readonly highUs: number;
  readonly gflops: number;
  readonly gbs: number;
  readonly intensity: number;
}

export interface BenchReport {
  readonly adapter: AdapterReport;
  readonly roofs: { readonly gflops: number; readonly gbs: number };
  readonly rows: readonly BenchRow[];
}

/** Pictures dropped on the page, decoded and scaled there: grey, 28x28. */
export interface OwnPictures {
  readonly classes: readonly string[];
  readonly labels: Uint8Array;
  /** [n, 28, 28] */
  readonly images: Uint8Array;
}

/** Arguments and results of every call. */
export interface Methods {
  /** `light`: without the engine, where that can be; any later call that needs it brings it. */
  open(light?: boolean): Opened;
  selfTest(): readonly SelfTestRow[];
  own(pictures: OwnPictures): void;
  start(config: RunConfig): RunInfo;
  play(): void;
  pause(): void;
  /** Runs so many steps and pauses. */
  step(count: number): void;
  reset(): RunInfo;
  setRate(lr: number): void;
  kernels(): readonly KernelTime[];
  confusion(): Confusion;
  /** Test pictures of a label that were taken for `guess`. */
  cell(label: number, guess: number): readonly Judged[];
  predict(pixels: Uint8Array): readonly number[];
  maps(picture: PictureRef): LayerMaps;
  /** Sets one weight of the running model. */
  edit(layer: number, tensor: "weight" | "bias", index: readonly number[], value: number): void;
  /** Steps whose weights are kept, oldest first. */
  history(): readonly number[];
  /** Maps with the weights of a kept step. */
  mapsAt(picture: PictureRef, step: number): LayerMaps;
  /** Runs the next step in the retained variant and opens an element of it; the same step again with `again`. */
  inspect(ref: ElementRef, again: boolean): Inspection;
  /** The invocation of a dispatch that wrote the element in the step opened last, or in words why none can be stepped. */
  invocation(ref: ElementRef, at: number): SteppedInvocation | string;
  /** Times of the rungs of the convolution ladder on a layer's shape. */
  ladder(layer: number): readonly { readonly name: string; readonly us: number; readonly wgsl: string }[];
  /** safetensors bytes. */
  weights(): Uint8Array;
  bench(): BenchReport;
  /** For tests: destroys the device. */
  destroyDevice(): void;
}

export interface Events {
  progress: Progress;
  benchRow: BenchRow;
  /** After a loss: the new device, and the step that the run went back to. */
  recovered: { readonly adapter: AdapterReport; readonly step: number };
}

export type MethodName = keyof Methods;
export type Request = {
  [M in MethodName]: { id: number; method: M; args: Parameters<Methods[M]> };
}[MethodName];
export type Response =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };
export type EventMessage = { [E in keyof Events]: { event: E; data: Events[E] } }[keyof Events];
export type Call = <M extends MethodName>(
  method: M,
  ...args: Parameters<Methods[M]>
) => Promise<ReturnType<Methods[M]>>;
