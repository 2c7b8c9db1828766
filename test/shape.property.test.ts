// Shape arithmetic (src/tensor/shape.ts) against nested indices, over random shapes. No GPU.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShapeError } from "../src/gpu/errors.ts";
import {
  broadcastShapes,
  broadcastStrides,
  contiguousStrides,
  inferShape,
  normalizeAxes,
  normalizeAxis,
  numel,
  sameShape,
} from "../src/tensor/shape.ts";

const size = fc.integer({ min: 0, max: 5 });
const shape = fc.array(size, { maxLength: 5 });

/** A shape and others that broadcast to it: some axes 1, some leading ones gone. */
const family = shape.chain((target) =>
  fc.tuple(
    fc.constant(target),
    fc.array(
      fc
        .tuple(fc.nat(target.length), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
        .map(([lead, one]) => target.map((s, i) => (one[i] ? 1 : s)).slice(lead)),
      { maxLength: 3 },
    ),
  ),
);

function* indicesOf(s: readonly number[]): Generator<number[]> {
  if (s.length === 0) return yield [];
  for (let i = 0; i < s[0]!; i++) for (const rest of indicesOf(s.slice(1))) yield [i, ...rest];
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);

describe("strides", () => {
  test("contiguous strides number the elements in row-major order", () => {
    fc.assert(
      fc.property(shape, (s) => {
        const strides = contiguousStrides(s);
        const flat = [...indicesOf(s)].map((i) => dot(i, strides));
        expect(flat).toEqual(Array.from({ length: numel(s) }, (_, k) => k));
      }),
    );
  });

  test("broadcast strides read the source at the index with repeated axes at 0", () => {
    fc.assert(
      fc.property(family, ([target, sources]) => {
        for (const source of sources) {
          const strides = broadcastStrides(source, target);
          const own = contiguousStrides(source);
          for (const i of indicesOf(target)) {
            const inside = i.slice(target.length - source.length).map((v, a) => (source[a] === 1 ? 0 : v));
            expect(dot(i, strides)).toBe(dot(inside, own));
          }
        }
      }),
    );
  });
});

describe("broadcastShapes", () => {
  test("finds the shape that all were made from, in any order", () => {
    fc.assert(
      fc.property(family, ([target, sources]) => {
        expect(broadcastShapes("op", target, ...sources)).toEqual(target);
        expect(broadcastShapes("op", ...sources, target)).toEqual(target);
      }),
    );
  });

  test("associative and commutative; the same shape is its own", () => {
    fc.assert(
      fc.property(family, ([, sources]) => {
        const all = broadcastShapes("op", ...sources);
        expect(sources.reduce((a, b) => broadcastShapes("op", a, b), [])).toEqual(all);
        expect(broadcastShapes("op", ...sources.toReversed())).toEqual(all);
        expect(broadcastShapes("op", all, all)).toEqual(all);
      }),
    );
  });

  test("throws exactly where two sizes differ and neither is 1", () => {
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        const clash = Array.from({ length: Math.min(a.length, b.length) }, (_, k) => [
          a.at(-1 - k)!,
          b.at(-1 - k)!,
        ]).some(([p, q]) => p !== q && p !== 1 && q !== 1);
        if (clash)
          expect(() => broadcastShapes("op", a, b)).toThrow(
            /^op: shapes do not broadcast, \[.*\] and \[.*\]$/,
          );
        else expect(broadcastShapes("op", a, b).length).toBe(Math.max(a.length, b.length));
      }),
    );
  });
});

describe("axes", () => {
  test("normalizeAxis adds the rank to negative axes and refuses what is outside", () => {
    fc.assert(
      fc.property(fc.integer({ min: -8, max: 8 }), fc.nat(6), (axis, rank) => {
        const n = Math.max(rank, 1);
        if (axis >= -n && axis < n) expect(normalizeAxis("op", axis, rank)).toBe(((axis % n) + n) % n);
        else expect(() => normalizeAxis("op", axis, rank)).toThrow(ShapeError);
      }),
    );
    expect(() => normalizeAxis("op", 0.5, 2)).toThrow(/^op: axis 0.5 is out of range for 2 dimensions$/);
  });

  test("normalizeAxes sorts, resolves, and takes none for all", () => {
    const cases = fc
      .integer({ min: 1, max: 6 })
      .chain((rank) =>
        fc.tuple(
          fc.constant(rank),
          fc.shuffledSubarray(Array.from({ length: rank }, (_, i) => i)),
          fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        ),
      );
    fc.assert(
      fc.property(cases, ([rank, axes, negative]) => {
        const all = Array.from({ length: rank }, (_, i) => i);
        const given = axes.map((a, i) => (negative[i] ? a - rank : a));
        const want = axes.length === 0 ? all : axes.toSorted((a, b) => a - b);
        expect(normalizeAxes("op", given, rank)).toEqual(want);
        expect(normalizeAxes("op", undefined, rank)).toEqual(all);
        if (axes.length > 0)
          expect(() => normalizeAxes("op", [...given, axes[0]!], rank)).toThrow(/appears twice$/);
      }),
    );
    expect(normalizeAxes("op", -1, 0)).toEqual([]);
  });
});

describe("inferShape", () => {
  test("finds the size that was replaced by -1", () => {
    fc.assert(
      fc.property(shape, fc.nat(), (s, k) => {
        expect(inferShape("op", numel(s), s)).toEqual(s);
        if (s.length === 0) return;
        const at = k % s.length;
        const hidden = s.with(at, -1);
        const known = numel(s.toSpliced(at, 1));
        if (known === 0) expect(() => inferShape("op", numel(s), hidden)).toThrow(/^op: -1 is ambiguous/);
        else expect(inferShape("op", numel(s), hidden)).toEqual(s);
      }),
    );
  });

  test("whatever it gives has the size and the known sizes; all else throws ShapeError", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.array(fc.integer({ min: -2, max: 6 }), { maxLength: 4 }), (n, wanted) => {
        let got: number[];
        try {
          got = inferShape("op", n, wanted);
        } catch (error) {
          expect(error).toBeInstanceOf(ShapeError);
          expect((error as Error).message).toMatch(/^op: .*\[.*\]/);
          return;
        }
        expect(numel(got)).toBe(n);
        expect(wanted.every((s, i) => s === -1 || s === got[i])).toBe(true);
      }),
    );
  });
});

test("sameShape compares rank and sizes", () => {
  fc.assert(
    fc.property(shape, shape, (a, b) => {
      expect(sameShape(a, [...a])).toBe(true);
      expect(sameShape(a, b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});
