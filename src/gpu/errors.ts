// Every error wgrad throws on purpose: one class a cause, so that callers can tell them apart with instanceof.

/** Base of all wgrad errors. */
export class WgradError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Shapes that do not fit an op: `conv2d: input channels must match ..., x [8,3,32,32], weight [16,4,3,3]`. */
export class ShapeError extends WgradError {}
/** A dtype an op does not take. */
export class DTypeError extends WgradError {}
/** An option outside its range, or of the wrong kind. */
export class OptionError extends WgradError {}
/** No adapter, no device, or tensors of two devices in one op. */
export class DeviceError extends WgradError {}
/** The device was lost (driver reset, GPU unplugged, `destroy()`): its tensors and programs are gone. */
export class DeviceLostError extends DeviceError {}
/** WebGPU refused a command: a fault of the engine or of a user's own kernel. Names the op that asked. */
export class ValidationError extends DeviceError {}
/** More than the adapter allows: buffer size, binding size, workgroups. */
export class LimitError extends DeviceError {}
/** Use of a tensor after its release, a misuse of scopes, of backward or of compile. */
export class UsageError extends WgradError {}
/** A file that is not what it should be: truncated, corrupt, of another kind. */
export class FormatError extends WgradError {}

/** A run that cannot go on: its data or its loss are NaN or infinite. */
export class NotFiniteError extends WgradError {
  constructor(
    message: string,
    /** The first step that has it, from 1. */
    readonly step: number,
    /** A parameter of the model, a field of the data, or "loss". */
    readonly label: string,
  ) {
    super(message);
  }
}

/** Debug mode: an index of gather, scatter, embedding, ... outside its range [0, end). Thrown at the next await, with the stack of the call. */
export class IndexError extends WgradError {
  constructor(
    message: string,
    /** Module path and op. */
    readonly label: string,
    /** The first one outside, in row-major order. */
    readonly index: number,
    /** Where it stands in the tensor of indices. */
    readonly position: readonly number[],
    readonly end: number,
  ) {
    super(message);
  }
}

/** WGSL that did not compile; carries the file, the line and the text of that line. */
export class ShaderError extends WgradError {
  constructor(
    message: string,
    readonly file: string,
    readonly line: number,
    readonly text: string,
  ) {
    super(message);
  }
}

/** The device has no room: how much was asked, how much is live, and who holds most of it. */
export class OutOfMemoryError extends DeviceError {
  constructor(
    readonly bytesAsked: number,
    readonly bytesLive: number,
    readonly bytesLimit: number | undefined,
    readonly largest: readonly { label: string; bytes: number }[],
  ) {
    const limit = bytesLimit === undefined ? "" : `, budget ${bytesLimit}`;
    const holders = largest.map((h) => `${h.label} ${h.bytes}`).join(", ");
    super(
      `out of GPU memory: asked ${bytesAsked} bytes, live ${bytesLive}${limit}; largest: ${holders || "none"}`,
    );
  }
}
