// A tensor: shape, dtype and a range of a storage on a device. Contiguous, row-major. What computes with tensors lives in
// src/kernels; what differentiates, in autograd.ts. The common ops are attached as methods by src/fluent.ts.

import { currentDevice, type Device } from "../gpu/device.ts";
import type { Bindable } from "../gpu/dispatch.ts";
import { DTypeError, ShapeError, UsageError } from "../gpu/errors.ts";
import { labelled } from "../gpu/label.ts";
import type { Storage } from "../gpu/storage.ts";
import { activeTrace, HostState } from "../gpu/trace.ts";
import { bytesOf, type DType, isFloat, STORED_TYPE, type TypedArray, typedArray } from "./dtype.ts";
import { enter, Scoped } from "./scope.ts";
import { checkShape, formatShape, numel, type Shape } from "./shape.ts";
import type { Node } from "./tape.ts";

/** Frees the storage of tensors that were dropped without a scope: the safety net, not the plan. */
const dropped = new FinalizationRegistry<Storage>((storage) => storage.release("the garbage collector"));

let nextSerial = 0;

export class Tensor extends Scoped implements Bindable {
  readonly size: number;
  /** Counts tensors in the order they are made. */
  readonly serial = nextSerial++;
  /** Where `backward()` leaves the gradient of a leaf: kept when the gradient is cleared, so that no step allocates. */
  gradSlot: Tensor | null = null;
  /** True while `gradSlot` holds a gradient: traces depend on it. */
  private gradPresent: HostState<boolean> | null = null;
  /** Set by `retainGrad()`: keep the gradient though this is no leaf. */
  retainsGrad = false;
  /** How this was computed; null for a leaf. */
  node: Node | null = null;
  /** Which output of `node` this is. */
  nodeOutput = 0;
  /** True once a release has cut the tape here: gradients through this are lost, and whoever asks for them must know. */
  tapeCut = false;
  private needsGrad = false;
  private releasedBy: string | null = null;

  constructor(
    readonly shape: Shape,
    readonly dtype: DType,
    readonly device: Device,
    private memory: Storage,
    readonly byteOffset = 0,
  ) {
    super();
    this.size = numel(shape);
    memory.retain();
    dropped.register(this, memory, this);
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Bytes it takes, in whole 4-byte words. */
  get byteLength(): number {
    return bytesOf(this.size, this.dtype);
  }

  get elementType(): string {
    return STORED_TYPE[this.dtype];
  }

  get storage(): Storage {
    if (this.releasedBy !== null)
      throw new UsageError(`${this}: used after its release by ${this.releasedBy}`);
    return this.memory;
  }

  get released(): boolean {
    return this.releasedBy !== null || this.memory.released;
  }

  get requiresGrad(): boolean {
    return this.needsGrad;
  }

  set requiresGrad(value: boolean) {
    if (value && !isFloat(this.dtype))
      throw new UsageError(`requiresGrad: only f32 and f16 tensors have gradients, this is ${this.dtype}`);
    if (!value && this.node)
      throw new UsageError("requiresGrad: only a leaf can stop requiring a gradient; use detach()");
    this.needsGrad = value;
  }

  get grad(): Tensor | null {
    if (this.requiresGrad) this.gradPresent ??= presence(this); // a trace must note absence too
    return this.gradPresent?.get() ? this.gradSlot : null;
  }

  set grad(value: Tensor | null) {
    if (value && formatShape(value.shape) !== formatShape(this.shape)) {
      throw new ShapeError(
        `grad: must have the shape of its tensor, ${formatShape(value.shape)} and ${formatShape(this.shape)}`,
      );
    }
    if (value) this.gradSlot = value;
    this.gradPresent ??= presence(this);
    this.gradPresent.set(value !== null);
  }

  /** Asks `backward()` to leave the gradient of this tensor in `grad`, though it is no leaf. */
  retainGrad(): this {
    this.retainsGrad = true;
    return this;
  }

  /** True for a tensor that no recorded op made. */
  get isLeaf(): boolean {
    return this.node === null;
  }

  /** The values, of f16 as f32, once all work before has run. The only place, with `item`, that waits for the GPU. */
  data(): Promise<TypedArray> {
    this.refuseCapture("data");
    return this.values();
  }

  /** The value of a tensor with one element. */
  item(): Promise<number> {
    this.refuseCapture("item");
    return this.value();
  }

  private async values(): Promise<TypedArray> {
    return typedArray(this.dtype, await this.device.read(this), this.size);
  }

  private async value(): Promise<number> {
    if (this.size !== 1)
      throw new ShapeError(`item: needs one element, this has shape ${formatShape(this.shape)}`);
    return (await this.values())[0];
  }

  /** Thrown at once, not in the promise: inside compile nobody can await it. */
  private refuseCapture(method: string): void {
    if (!this.device.recorder.capturing) return;
    throw new UsageError(
      `${method}: a value cannot be read inside compile; return the tensor and read it outside`,
    );
  }

  /** A further tensor on the same storage: no gradient, no copy. */
  alias(shape: Shape = this.shape): Tensor {
    const view = made(new Tensor(shape, this.dtype, this.device, this.storage, this.byteOffset));
    activeTrace()?.alias(this, view);
    return view;
  }

  /** Moves this tensor to another range of storage (a parameter into its slab). The old storage is let go. */
  rebase(storage: Storage, byteOffset: number, dtype = this.dtype): void {
    const old = this.storage;
    storage.retain();
    dropped.unregister(this);
    dropped.register(this, storage, this);
    this.memory = storage;
    (this as { byteOffset: number }).byteOffset = byteOffset;
    (this as { dtype: DType }).dtype = dtype;
    old.release("a move to other storage");
  }

  override release(by: string, except?: ReadonlySet<Scoped>): void {
    if (this.releasedBy !== null) return;
    this.releasedBy = by;
    this.tapeCut = this.node !== null;
    this.node = null;
    if (this.gradSlot && except?.has(this.gradSlot)) enter(this.gradSlot);
    else this.gradSlot?.release(by);
    dropped.unregister(this);
    this.memory.release(by);
  }

  override toString(): string {
    return `tensor ${this.dtype}${formatShape(this.shape)}`;
  }

  /** What console.log shows under Node and Deno: not the whole device behind it. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** An uninitialised tensor. Its storage is labelled with who asks. */
export function empty(shape: Shape, dtype: DType = "f32", device: Device = currentDevice()): Tensor {
  checkShape("empty", shape);
  checkDType("empty", dtype, device);
  device.check("empty");
  const bytes = bytesOf(Math.max(numel(shape), 1), dtype);
  return made(new Tensor([...shape], dtype, device, device.recorder.allocate(bytes, labelled(dtype))));
}

/** An uninitialised tensor that outlives every scope and program: parameters, gradients, optimizer state. */
export function emptyPersistent(shape: Shape, dtype: DType, device: Device, label: string): Tensor {
  checkDType(label, dtype, device);
  device.check(label);
  const bytes = bytesOf(Math.max(numel(shape), 1), dtype);
  return new Tensor([...shape], dtype, device, device.pool.allocate(bytes, label));
}

/** @throws DTypeError for what is no dtype, and for f16 on a device without it */
export function checkDType(name: string, dtype: DType, device: Device): void {
  if (!Object.hasOwn(STORED_TYPE, dtype))
    throw new DTypeError(`${name}: dtype must be f32, f16, i32, u32 or bool, got ${String(dtype)}`);
  if (dtype === "f16" && !device.features.has("shader-f16"))
    throw new DTypeError(`${name}: f16 needs shader-f16, which this adapter lacks (${device.name})`);
}

/** Hands a new tensor to the open scope. */
export function made(tensor: Tensor): Tensor {
  enter(tensor);
  return tensor;
}

/** Whether the running recording made it: it ends with that, and nothing outside can have changed it. */
export function isRecorded(t: Tensor): boolean {
  return activeTrace()?.storages.has(t.storage) ?? false;
}

/** No gradient yet. For a tensor of a recording that is no state the recording depends on: set there, it is not guarded. */
function presence(t: Tensor): HostState<boolean> {
  const state = new HostState(false);
  if (isRecorded(t)) state.set(false);
  return state;
}
