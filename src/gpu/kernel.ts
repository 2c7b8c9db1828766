// kernel(shader) turns a reflected shader into a typed function: bindings, params, constants and entry points by the
// names they have in WGSL, so that a wrong name does not compile.

import type { Device } from "./device.ts";
import {
  type Bindable,
  type Dispatch,
  type DispatchBinding,
  type FusionRole,
  HostScalar,
  type ParamValue,
} from "./dispatch.ts";
import { DeviceError, DTypeError, LimitError, OptionError, UsageError } from "./errors.ts";
import { elementOf } from "./half_storage.ts";
import { labelled } from "./label.ts";
import type { PipelineEntry } from "./pipeline.ts";
import type { Shader } from "./shader.ts";

type Names<T> = Extract<keyof T, string>;

export interface KernelOptions<S extends Shader> {
  /** Workgroups in x, y, z. A zero dispatches nothing. */
  readonly grid: readonly number[];
  readonly entry?: Names<S["entries"]>;
  /** Overrides and top-level `const`s of the shader. */
  readonly constants?: { readonly [K in Names<S["overrides"]> | Names<S["consts"]>]?: number | boolean };
  /** Aliases of the shader, e.g. `{ T: "i32" }`. */
  readonly types?: { readonly [K in Names<S["aliases"]>]?: string };
  /** Functions of the shader to replace, as whole WGSL functions. */
  readonly hooks?: Readonly<Record<string, string>>;
  /** WGSL text to append: what the hooks call. */
  readonly append?: string;
  /** Name of the op, for profiles and errors; the shader's name if left out. */
  readonly label?: string;
  /** Floating-point operations, for profiles. */
  readonly flops?: number;
  /** Bytes moved; the sum of the bindings if left out. */
  readonly bytes?: number;
  readonly role?: FusionRole;
}

export type KernelBindings<S extends Shader> = { readonly [K in Names<S["bindings"]>]: Bindable | null };
export type KernelParams<S extends Shader> = { readonly [K in Names<S["params"]>]: ParamValue };

export type Kernel<S extends Shader> = (
  bindings: KernelBindings<S>,
  params: KernelParams<S>,
  options: KernelOptions<S>,
) => void;

const OPAQUE: FusionRole = { kind: "opaque" };
const MAX_GROUPS = 65535;

/** Folds a count of workgroups into x and y, each at most 65,535: the shader undoes it with `wid.y * nwg.x + wid.x`. */
export function grid1d(groups: number): [number, number, number] {
  if (groups <= MAX_GROUPS) return [groups, 1, 1];
  const y = Math.ceil(groups / MAX_GROUPS);
  return [Math.ceil(groups / y), y, 1];
}

export function kernel<const S extends Shader>(shader: S): Kernel<S> {
  const pipelines = new WeakMap<Device, Map<string, PipelineEntry>>();
  const name = shader.file.replace(/\.wgsl$/, "");
  const paramsBytes = Math.ceil(shader.paramsBytes / 16) * 16; // a uniform binding takes whole 16-byte words
  const bindingList = Object.entries(shader.bindings);
  const paramList = Object.entries(shader.params);

  const pipelineOf = (device: Device, o: Variant): PipelineEntry => {
    let variants = pipelines.get(device);
    if (!variants) pipelines.set(device, (variants = new Map()));
    const key = variantKey(o);
    let entry = variants.get(key);
    if (!entry) variants.set(key, (entry = device.pipelines.get(shader, o as never)));
    if (entry.error) throw entry.error;
    return entry;
  };

  return (bindings, params, options) => {
    const [x = 1, y = 1, z = 1] = options.grid;
    if (x === 0 || y === 0 || z === 0) return;
    const label = labelled(options.label ?? name);
    const given = bindings as Readonly<Record<string, Bindable | null>>;
    const device = deviceOf(given, label);
    if (x > MAX_GROUPS || y > MAX_GROUPS || z > MAX_GROUPS) {
      throw new LimitError(`${label}: grid [${x},${y},${z}] exceeds ${MAX_GROUPS} workgroups a dimension`);
    }
    const half = storedAsHalf(shader, given, options.types, label);
    const variant = (half.length > 0 ? { ...options, half } : options) as Variant;
    let bytes = 0;
    let missing = 0;
    const bound: DispatchBinding[] = bindingList.map(([key, b]) => {
      const source = given[key];
      if (source === undefined) throw new OptionError(`${label}: binding ${key} is missing`);
      bytes += source?.byteLength ?? 0;
      const place = source ?? device.nothing(b.access, missing++);
      return { name: key, binding: b.binding, access: b.access, source: place };
    });
    const values = params as Readonly<Record<string, ParamValue>>;
    const dispatch: Dispatch = {
      kernel: name,
      shader,
      options: variant as never,
      pipeline: pipelineOf(device, variant),
      bindings: bound,
      params: paramList.map(([key, p]) => ({
        name: key,
        type: p.type,
        offset: p.offset,
        value: checked(values[key], key, label),
      })),
      paramsBytes,
      grid: [x, y, z],
      label,
      flops: options.flops ?? 0,
      bytes: options.bytes ?? bytes,
      role: options.role ?? OPAQUE,
      stack: device.debug ? new Error().stack : undefined,
    };
    device.recorder.dispatch(dispatch);
    for (const b of bound) {
      if (b.access === "read") continue;
      b.source.storage.version++;
      b.source.storage.writer = label;
    }
  };
}

function checked(value: ParamValue | undefined, name: string, label: string): ParamValue {
  if (typeof value === "number" || value instanceof HostScalar) return value;
  throw new OptionError(`${label}: param ${name} is missing`);
}

/** Numbers for texts, so that a key holds no hook of hundreds of characters: equal texts alone share a number. */
const textIds = new Map<string | undefined, number>();

function textId(text: string | undefined): number {
  let id = textIds.get(text);
  if (id === undefined) textIds.set(text, (id = textIds.size));
  return id;
}

interface Variant {
  readonly entry?: string;
  readonly constants?: Readonly<Record<string, number | boolean | undefined>>;
  readonly types?: Readonly<Record<string, string | undefined>>;
  readonly hooks?: Readonly<Record<string, string>>;
  readonly append?: string;
  readonly half?: readonly string[];
}

/** Equal for equal options only: names are identifiers, and the rest is numbers behind a mark of their kind. Runs at every dispatch. */
function variantKey({ entry, constants, types, hooks, append, half }: Variant): string {
  let key = entry ?? "";
  for (const name in constants) key += `,${name}=${constants[name]}`;
  for (const name in types) key += `,${name}:${textId(types[name])}`;
  for (const name in hooks) key += `,${name}(${textId(hooks[name])}`;
  if (half) key += `,~${half}`;
  return append ? `${key},+${textId(append)}` : key;
}

const NONE: readonly string[] = [];

/** The bindings that hold f32 in the shader and are given an f16 tensor. */
function storedAsHalf(
  shader: Shader,
  given: Readonly<Record<string, Bindable | null>>,
  types: object | undefined,
  label: string,
): readonly string[] {
  let found: string[] | null = null;
  for (const name in shader.bindings) {
    const type = given[name]?.elementType;
    if (type === undefined) continue;
    const native = types !== undefined && Object.values(types).some((t) => t.includes("f16"));
    if (type !== "f16" && !native) continue;
    const { scalar } = elementOf(shader.bindings[name].type, { ...shader.aliases, ...types });
    if (scalar === type) continue;
    if (type === "f16" && scalar === "f32") (found ??= []).push(name);
    else if (type === "f16" || scalar === "f16")
      throw new DTypeError(`${label}: ${name} holds ${scalar} elements, a tensor of ${type} was given`);
  }
  return found ?? NONE;
}

function deviceOf(bindings: Readonly<Record<string, Bindable | null>>, label: string): Device {
  let device: Device | null = null;
  for (const b of Object.values(bindings)) {
    if (!b) continue;
    if (device && b.device !== device) throw new DeviceError(`${label}: tensors of two devices in one op`);
    device = b.device;
  }
  if (!device) throw new UsageError(`${label}: no tensor bound`);
  return device;
}
