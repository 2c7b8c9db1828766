// The random stream: Random123's known answers, the mapping of element to block and lane, exact functions, moments.
import { describe, expect, test } from "vitest";
import { OptionError } from "../src/gpu/errors.ts";
import { cosSinTurns, ln } from "../src/tensor/exact.ts";
import { Generator, philox4x32 } from "../src/tensor/philox.ts";

type Words4 = [number, number, number, number];
type Words2 = [number, number];
// Random123, tests/kat_vectors, lines "philox4x32 10".
const KNOWN: [Words4, Words2, Words4][] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

describe("philox4x32", () => {
  test.each(KNOWN)("known answer %#", (counter, key, expected) => {
    expect(philox4x32(counter, key)).toEqual(expected);
  });
});

describe("Generator", () => {
  test("element i is lane i % 4 of block offset + floor(i / 4)", () => {
    const g = new Generator(0x1234567890abcdefn);
    g.offset = 2 ** 32 - 1; // the carry into the second counter word
    const u = g.u32(10);
    const key: Words2 = [0x90abcdef, 0x12345678];
    const blocks = [...philox4x32([0xffffffff, 0, 0, 0], key), ...philox4x32([0, 1, 0, 0], key)];
    expect([...u.subarray(0, 8)]).toEqual(blocks);
    expect([...u.subarray(8)]).toEqual(philox4x32([1, 1, 0, 0], key).slice(0, 2));
    expect(g.offset).toBe(2 ** 32 + 2);
  });

  test("reserve takes whole blocks", () => {
    const g = new Generator(1);
    expect([g.reserve(1), g.reserve(4), g.reserve(0), g.reserve(9), g.offset]).toEqual([0, 1, 2, 2, 5]);
    for (const draw of ["u32", "uniform", "normal", "permutation"] as const) {
      const fresh = new Generator(1);
      expect(fresh[draw](9).length).toBe(9);
      expect(fresh.offset).toBe(3);
    }
  });

  test("state resumes bit-exactly and survives JSON; fork does not depend on what was drawn", () => {
    const g = new Generator(2n ** 64n - 1n);
    const before = [...g.fork("weights").u32(4)];
    g.normal(7);
    const state = JSON.parse(JSON.stringify(g.state()));
    const expected = g.normal(5);
    const other = new Generator(0);
    other.setState(state);
    expect(other.normal(5)).toEqual(expected);
    expect([...g.fork("weights").u32(4)]).toEqual(before);
    const streams = ["", "a", "aa", "weight", 0, 1, 2 ** 40].map((s) => g.fork(s).seed);
    expect(new Set(streams).size).toBe(streams.length);
  });

  test("uniform is (u >> 8) / 2^24; moments of uniform and normal", () => {
    const n = 200_000;
    const u = new Generator(3).u32(n);
    const uniform = new Generator(3).uniform(n);
    expect(uniform.every((v, i) => v === (u[i]! >>> 8) / 2 ** 24 && v < 1)).toBe(true);
    const z = new Generator(4).normal(n);
    const moment = (p: number) => z.reduce((sum, v) => sum + v ** p, 0) / n;
    // Standard errors at n = 200000: 0.0022, 0.0032, 0.0087, 0.022; four of them.
    expect(Math.abs(moment(1))).toBeLessThan(0.009);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.013);
    expect(Math.abs(moment(3))).toBeLessThan(0.035);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.09);
    expect(z.every(Number.isFinite)).toBe(true);
  });

  test("an odd count draws the prefix of the even one", () => {
    const even = new Generator(5).normal(8);
    expect(new Generator(5).normal(7)).toEqual(even.slice(0, 7));
    expect(new Generator(5).normal(8, 2, 3)[3]).toBeCloseTo(2 + 3 * even[3]!, 5);
  });

  test("integers and permutations cover their range", () => {
    const counts = new Array<number>(7).fill(0);
    for (const v of new Generator(6).integers(70_000, -3, 4)) counts[v + 3]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    const full = new Generator(6).u32(8).map((u) => u ^ 0x80000000);
    expect(new Generator(6).integers(8, -(2 ** 31), 2 ** 31)).toEqual(new Int32Array(full.buffer));
    const p = new Generator(7).permutation(1000);
    expect([...p].sort((a, b) => a - b)).toEqual([...p.keys()]);
    expect([...p]).not.toEqual([...p.keys()]);
    expect([...new Generator(7).permutation(0), ...new Generator(7).permutation(1)]).toEqual([0]);
    const orders = new Map<string, number>();
    const g = new Generator(8);
    for (let i = 0; i < 6000; i++) {
      const order = g.permutation(3).join();
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  test("bad options", () => {
    expect(() => new Generator(-1)).toThrow(/seed must be an integer/);
    expect(() => new Generator(1.5)).toThrow(OptionError);
    expect(() => new Generator(2n ** 64n)).toThrow(OptionError);
    expect(() => new Generator(0).u32(-1)).toThrow(/count must be an integer >= 0/);
    expect(() => new Generator(0).integers(1, 3, 3)).toThrow(/low < high/);
    expect(() => new Generator(0).setState({ seed: "x", offset: 0 })).toThrow(/decimal string/);
    expect(() => new Generator(0).setState({ seed: "1", offset: -1 })).toThrow(/offset must be/);
  });
});

describe("exact functions", () => {
  test("ln to 2 ulp", () => {
    const xs = [5e-324, 1e-300, 2 ** -24, 0.1, 0.5, 0.7, 0.99999, 1, 1.0001, 1.5, 2, 10, 1e10, 1e300];
    for (const v of new Generator(9).uniform(1000)) xs.push(v + 2 ** -25);
    for (const x of xs)
      expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(4.5e-16 * Math.abs(Math.log(x)));
    expect([ln(0), ln(-1), ln(Infinity)]).toEqual([-Infinity, NaN, Infinity]);
  });

  test("cos and sin of turns", () => {
    const out = new Float64Array(2);
    for (const v of [...new Generator(10).uniform(1000), 0, 0.25, 0.5, 0.75, 0.125, 1 - 2 ** -24]) {
      cosSinTurns(v, out);
      expect(Math.abs(out[0]! - Math.cos(2 * Math.PI * v))).toBeLessThan(1e-15);
      expect(Math.abs(out[1]! - Math.sin(2 * Math.PI * v))).toBeLessThan(1e-15);
    }
    cosSinTurns(0.25, out);
    expect([out[0]! + 0, out[1]]).toEqual([0, 1]);
  });

  test("normals are these bits on every host", () => {
    const bits = new Uint32Array(new Generator(42).normal(4).buffer);
    expect([...bits].map((b) => b.toString(16))).toMatchInlineSnapshot(`
      [
        "bf785e5a",
        "3e46acec",
        "bf9e28cc",
        "3ff6433e",
      ]
    `);
  });
});
