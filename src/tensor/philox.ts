// A seeded generator over Philox 4x32-10: one stream on CPU and GPU (shaders/philox.wgsl). Element i of a draw is lane
// i % 4 of block offset + floor(i / 4); the counter is (block low, block high, 0, 0), the key (seed low, seed high).
// The block function itself: philox_block.ts. Not cryptographic.
import { OptionError } from "../gpu/errors.ts";
import { cosSinTurns, ln } from "./exact.ts";
import { mulHigh, philox4x32, philoxBlock, type U32x4 } from "./philox_block.ts";

export { philox4x32 };

const TWO_32 = 2 ** 32;
const UNIT = 2 ** -24; // 24 bits: every value is exact in f32
const FORK_NUMBER = 0x666f726b; // in the fourth counter word, which draws leave 0: forks never meet a draw
const FORK_LABEL = 0x6c61626c;

/** What a checkpoint stores of a generator; plain JSON (the 64-bit seed as a decimal string). */
export interface GeneratorState {
  seed: string;
  offset: number;
}

/**
 * A seeded stream of random numbers. Every draw starts at a fresh block of four u32, so that a draw of n takes
 * ceil(n / 4) blocks whatever its kind. All results are bit-identical on every host.
 */
export class Generator {
  #seed: bigint;
  #offset = 0;

  /** seed: an integer in [0, 2^64), as bigint above 2^53. Throws OptionError. */
  constructor(seed: number | bigint) {
    this.#seed = checkSeed(seed);
  }

  get seed(): bigint {
    return this.#seed;
  }

  /** The seed as the two words of the key: [low, high]. */
  get key(): [number, number] {
    return [Number(this.#seed & 0xffffffffn), Number(this.#seed >> 32n)];
  }

  /** The next unused block (128 bits, four u32). */
  get offset(): number {
    return this.#offset;
  }

  set offset(blocks: number) {
    if (!Number.isSafeInteger(blocks) || blocks < 0) {
      throw new OptionError(`Generator: offset must be an integer in [0, 2^53), got ${blocks}`);
    }
    this.#offset = blocks;
  }

  /** Takes the ceil(count / 4) blocks for `count` numbers out of the stream; returns the first. */
  reserve(count: number): number {
    checkCount("reserve", count);
    const first = this.#offset;
    this.offset = first + Math.ceil(count / 4);
    return first;
  }

  /** `count` u32 -> Uint32Array [count]. */
  u32(count: number): Uint32Array<ArrayBuffer> {
    const first = this.reserve(count);
    const out = new Uint32Array(Math.ceil(count / 4) * 4);
    const [k0, k1] = this.key;
    const counter: U32x4 = [0, 0, 0, 0];
    for (let at = 0; at < out.length; at += 4) {
      const number = first + at / 4;
      counter[0] = number >>> 0; // modulo 2^32, also above it
      counter[1] = Math.floor(number / TWO_32);
      philoxBlock(out, at, counter, k0, k1);
    }
    return out.length === count ? out : out.subarray(0, count);
  }

  /** Uniform on [low, high) in 2^24 steps -> Float32Array [count]; rounding to f32 may reach `high`. */
  uniform(count: number, low = 0, high = 1): Float32Array<ArrayBuffer> {
    const u = this.u32(count);
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = low + (high - low) * ((u[i]! >>> 8) * UNIT);
    return out;
  }

  /**
   * Normal -> Float32Array [count], by Box and Muller 1958: lanes (a, b) give sqrt(-2 ln u) (cos, sin)(2 pi v) with
   * u = ((a >> 8) + 1) / 2^24 and v = (b >> 8) / 2^24. In f64 to 1e-15 relative, rounded once to f32; |z| <= 5.77.
   */
  normal(count: number, mean = 0, std = 1): Float32Array<ArrayBuffer> {
    const u = this.u32(Math.ceil(count / 2) * 2); // [pairs, 2]; the same number of blocks as `count`
    const out = new Float32Array(count);
    const cosSin = new Float64Array(2);
    for (let i = 0; i < count; i += 2) {
      const radius = Math.sqrt(-2 * ln(((u[i]! >>> 8) + 1) * UNIT));
      cosSinTurns((u[i + 1]! >>> 8) * UNIT, cosSin);
      out[i] = mean + std * (radius * cosSin[0]!);
      if (i + 1 < count) out[i + 1] = mean + std * (radius * cosSin[1]!);
    }
    return out;
  }

  /**
   * Integers in [low, high), i32 bounds -> Int32Array [count]: low + floor(u (high - low) / 2^32), one u32 each. A value
   * is off its probability by at most 2^-32. Throws OptionError.
   */
  integers(count: number, low: number, high: number): Int32Array<ArrayBuffer> {
    if (
      !Number.isInteger(low) ||
      !Number.isInteger(high) ||
      low >= high ||
      low < -(2 ** 31) ||
      high > 2 ** 31
    ) {
      throw new OptionError(
        `Generator.integers: need integers -2^31 <= low < high <= 2^31, got ${low}, ${high}`,
      );
    }
    const u = this.u32(count);
    const out = new Int32Array(count);
    for (let i = 0; i < count; i++) out[i] = (low + below(u[i]!, high - low)) | 0;
    return out;
  }

  /** A permutation of 0 .. n-1 -> Int32Array [n] (Fisher and Yates); takes the blocks of n numbers. */
  permutation(n: number): Int32Array<ArrayBuffer> {
    const u = this.u32(n);
    const out = new Int32Array(n);
    for (let i = 0; i < n; i++) out[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = below(u[i]!, i + 1);
      const kept = out[i]!;
      out[i] = out[j]!;
      out[j] = kept;
    }
    return out;
  }

  state(): GeneratorState {
    return { seed: this.#seed.toString(), offset: this.#offset };
  }

  /** Continues where `state` was taken. Throws OptionError on anything else than a state. */
  setState(state: GeneratorState): void {
    if (typeof state?.seed !== "string" || !/^\d{1,20}$/.test(state.seed)) {
      throw new OptionError(`Generator.setState: seed must be a decimal string, got ${String(state?.seed)}`);
    }
    const seed = checkSeed(BigInt(state.seed));
    this.offset = state.offset;
    this.#seed = seed;
  }

  /**
   * An independent generator at offset 0, the same for the same seed and stream however much was drawn: its seed is a
   * Philox hash of the stream (a label, or a number in [0, 2^53)) under this one's key.
   */
  fork(stream: string | number): Generator {
    if (typeof stream === "number") {
      const number = Number(checkSeed(stream));
      return this.#hashed(philox4x32([number >>> 0, Math.floor(number / TWO_32), 0, FORK_NUMBER], this.key));
    }
    let hash: U32x4 = [0, 0, 0, 0];
    for (let i = 0; i <= stream.length; i++) {
      const unit = i < stream.length ? stream.charCodeAt(i) : 0x10000; // the end, so that "" and prefixes differ
      hash = philox4x32([hash[0], hash[1], unit, FORK_LABEL], this.key);
    }
    return this.#hashed(hash);
  }

  #hashed(hash: U32x4): Generator {
    return new Generator((BigInt(hash[1]) << 32n) | BigInt(hash[0]));
  }
}

/** floor(u range / 2^32): u spread over [0, range), range <= 2^32. */
function below(u: number, range: number): number {
  return range === TWO_32 ? u : mulHigh(u, range) >>> 0;
}

function checkSeed(seed: number | bigint): bigint {
  if (typeof seed === "bigint" ? seed < 0n || seed >= 1n << 64n : !Number.isSafeInteger(seed) || seed < 0) {
    throw new OptionError(
      `Generator: seed must be an integer in [0, 2^53), or a bigint in [0, 2^64), got ${seed}`,
    );
  }
  return BigInt(seed);
}

function checkCount(method: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new OptionError(`Generator.${method}: count must be an integer >= 0, got ${count}`);
  }
}
