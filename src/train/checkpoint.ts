// A checkpoint is one safetensors file: parameters and buffers under their PyTorch names, optimizer moments, and in the
// metadata everything else a run needs to go on bit by bit: step counts, schedule, random state, data cursor, config; and
// which kernel variants made it.

import type { DataLoader, LoaderState } from "../data/loader.ts";
import { currentDevice, type Device } from "../gpu/device.ts";
import { FormatError, OptionError } from "../gpu/errors.ts";
import { joinBytes } from "../io/join_bytes.ts";
import { readSafetensors, type SafeTensor, toF32, toI64, writeSafetensors } from "../io/safetensors.ts";
import { stateDictOf } from "../io/state_dict.ts";
import type { Module } from "../layers/module.ts";
import { planStateDict } from "../layers/state_dict.ts";
import type { GradScaler, GradScalerState } from "../optim/grad_scaler.ts";
import type { AnyOptimizer, OptimizerState } from "../optim/optimizer.ts";
import type { Schedule, ScheduleState } from "../optim/schedule.ts";
import { tensor } from "../tensor/create.ts";
import { f32ToF16 } from "../tensor/half.ts";
import { Generator, type GeneratorState } from "../tensor/philox.ts";
import { defaultGenerator } from "../tensor/random.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Moments are stored as `optimizer/3.exp_avg`, of a named optimizer as `optimizer.critic/3.exp_avg`: no module path holds a slash. */
const OPTIMIZER = "optimizer";
const VERSION = 1;

/** What a run consists of. */
export interface RunParts {
  readonly model: Module;
  readonly optimizer?: AnyOptimizer;
  /** Where there are several, as those of generator and critic. */
  readonly optimizers?: Readonly<Record<string, AnyOptimizer>>;
  readonly schedule?: Schedule;
  readonly scaler?: GradScaler;
  readonly loader?: DataLoader;
}

/** Where a run stands; `config` and `history` are the recipe's own, plain JSON. */
export interface Progress {
  readonly step: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly history: readonly unknown[];
}

/** What a checkpoint says of its run. */
export interface SavedProgress extends Progress {
  /**
   * `device.tuning.hash` of the device it was saved from: which kernel variants made it; null in older files. A run may go on with
   * others, but then not bit by bit.
   */
  readonly tuning: string | null;
}

interface Metadata extends Progress {
  readonly version: number;
  readonly tuning?: string; // older files have none
  readonly optimizer?: OptimizerState;
  readonly optimizers?: Readonly<Record<string, OptimizerState>>;
  readonly schedule?: ScheduleState;
  readonly scaler?: GradScalerState | Record<string, never>;
  readonly loader?: LoaderState;
  readonly random: GeneratorState;
}

/** The bytes of a checkpoint. Waits for all work so far. */
export async function saveCheckpoint(parts: RunParts, progress: Progress): Promise<Uint8Array> {
  const { model, optimizer, optimizers = {}, schedule, scaler, loader } = parts;
  // States and tensors are taken together, before anything is awaited: the run may go on meanwhile.
  const scaling = scaler?.stateDict();
  const metadata: Metadata = {
    version: VERSION,
    step: progress.step,
    config: progress.config,
    history: progress.history,
    tuning: deviceOf(model).tuning.hash,
    optimizer: optimizer?.state(),
    optimizers: Object.fromEntries(Object.entries(optimizers).map(([name, o]) => [name, o.state()])),
    schedule: schedule?.state(),
    loader: loader?.state(),
    random: defaultGenerator.state(),
  };
  const named: [string, Tensor][] = [...model.stateDict()];
  for (const { prefix, optimizer: o } of optimizersOf(parts))
    for (const [name, t] of o.stateTensors()) named.push([prefix + name, t]);
  const tensors = await Promise.all(
    named.map(async ([name, t]) => [name, await stored(t)] as [string, SafeTensor]),
  );
  const text = JSON.stringify({ ...metadata, scaler: await scaling });
  return writeSafetensors(tensors, { format: "pt", wgrad: text });
}

/**
 * Restores a run: all of it or, if anything does not fit, nothing.
 *
 * @throws FormatError for a file that is no checkpoint, or one of another model (missing and unexpected keys, shapes)
 */
export function loadCheckpoint(bytes: Uint8Array, parts: RunParts): SavedProgress {
  const { tensors, metadata } = readSafetensors(bytes);
  const saved = parseMetadata(metadata.wgrad);
  const { model, schedule, scaler, loader } = parts;
  scope(() => {
    const optimizers = optimizersOf(parts).map((o) => ({ ...o, moments: new Map<string, Tensor>() }));
    const weights = new Map<string, SafeTensor>();
    for (const [name, t] of tensors) {
      if (!name.includes("/")) weights.set(name, t);
      const of = optimizers.find(({ prefix }) => name.startsWith(prefix));
      if (of && t.dtype === "F32")
        of.moments.set(name.slice(of.prefix.length), tensor(toF32(t), { shape: t.shape }));
    }
    const plan = planStateDict(model.stateDict(), stateDictOf(weights));
    const states = optimizers.map(({ name, optimizer, moments }) => {
      const state = name === undefined ? saved.optimizer : saved.optimizers?.[name];
      if (!state)
        throw new FormatError(`checkpoint: holds no state of the optimizer ${name ?? ""}`.trimEnd());
      return { optimizer, state, moments };
    });
    for (const part of ["schedule", "scaler", "loader"] as const)
      if (parts[part] && !saved[part]) throw new FormatError(`checkpoint: holds no state of the ${part}`);
    for (const { optimizer, state, moments } of states) optimizer.checkState(state, moments);
    fitting(() => schedule?.checkState(saved.schedule!));
    scaler?.checkState(saved.scaler!);
    fitting(() => new Generator(0).setState(saved.random));
    fitting(() => loader?.setState(saved.loader!)); // changes nothing if it throws; what follows does not throw
    for (const { optimizer, state, moments } of states) optimizer.loadState(state, moments);
    plan.apply();
  }, "loadCheckpoint");
  schedule?.loadState(saved.schedule!);
  scaler?.loadStateDict(saved.scaler!);
  defaultGenerator.setState(saved.random);
  return progressOf(saved);
}

/** Step, config, history and tuning of a checkpoint, without loading it. */
export function readProgress(bytes: Uint8Array): SavedProgress {
  return progressOf(parseMetadata(readSafetensors(bytes).metadata.wgrad));
}

function progressOf({ step, config, history, tuning }: Metadata): SavedProgress {
  return { step, config, history, tuning: tuning ?? null };
}

/** All optimizers of a run; `name` undefined: the only one. */
function optimizersOf({ optimizer, optimizers = {} }: RunParts) {
  const named = Object.entries(optimizers).map(([name, o]) => {
    return { name: name as string | undefined, prefix: `${OPTIMIZER}.${name}/`, optimizer: o };
  });
  return optimizer ? [{ name: undefined, prefix: `${OPTIMIZER}/`, optimizer }, ...named] : named;
}

function deviceOf(model: Module): Device {
  for (const t of model.stateDict().values()) return t.device;
  return currentDevice();
}

/** SHA-256 of the bytes of all parameters and buffers, in the order of `stateDict()`, as hex. */
export async function weightsSha256(model: Module): Promise<string> {
  const parts = await Promise.all([...model.stateDict().values()].map((t) => t.data()));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", joinBytes(parts)));
  return Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("");
}

async function stored(t: Tensor): Promise<SafeTensor> {
  const { dtype } = t;
  const shape = [...t.shape];
  const data = await t.data();
  // PyTorch's integers in a state dict (num_batches_tracked) are I64.
  if (dtype === "i32") return { dtype: "I64", shape, data: toI64(data as Int32Array) };
  if (dtype === "bool") return { dtype: "BOOL", shape, data: Uint8Array.from(data) };
  if (dtype === "f16") return { dtype: "F16", shape, data: f32ToF16(data) };
  return dtype === "u32"
    ? { dtype: "U32", shape, data: data as Uint32Array<ArrayBuffer> }
    : { dtype: "F32", shape, data: data as Float32Array<ArrayBuffer> };
}

/** A state that does not fit is a fault of the file here. */
function fitting(check: () => void): void {
  try {
    check();
  } catch (cause) {
    if (!(cause instanceof OptionError)) throw cause;
    throw new FormatError(`checkpoint: ${cause.message}`, { cause });
  }
}

function parseMetadata(text: string | undefined): Metadata {
  if (text === undefined)
    throw new FormatError("checkpoint: a safetensors file, but not a checkpoint of a wgrad run");
  let saved: Metadata;
  try {
    saved = JSON.parse(text) as Metadata;
  } catch (cause) {
    throw new FormatError("checkpoint: its metadata is not JSON", { cause });
  }
  if (saved?.version !== VERSION)
    throw new FormatError(`checkpoint: version ${saved?.version} is not known, this is ${VERSION}`);
  if (
    !(Number.isSafeInteger(saved.step) && saved.step >= 0) ||
    !saved.random ||
    !Array.isArray(saved.history) ||
    typeof saved.config !== "object" ||
    saved.config === null
  ) {
    throw new FormatError("checkpoint: its metadata is incomplete");
  }
  return saved;
}
