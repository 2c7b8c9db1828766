// The numbers of Bench's roofline: none lies on another, nor on a mark, however the marks crowd.

import { expect, test } from "vitest";
import { type Box, boxAround, placeLabels } from "../../site/pages/bench/labels.ts";
import { Generator } from "../../src/tensor/philox.ts";

const FRAME: Box = { left: 52, right: 274, top: 26, bottom: 280 };
const RADIUS = 4;
const overlap = (a: Box, b: Box) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

test("labels keep clear of each other, of all marks, of what is taken, and stay inside", () => {
  const random = new Generator(3).u32(32);
  // Sixteen marks on a spot of 50 by 50, two of them on one point.
  const marks = Array.from({ length: 16 }, (_, i) => ({
    ...{ x: 150 + (random[2 * (i || 1)]! % 50), y: 120 + (random[2 * (i || 1) + 1]! % 50) },
    text: String(i + 1),
  }));
  const taken = boxAround(190, 110, 150, 12);
  const labels = placeLabels(marks, RADIUS, FRAME, [taken]);
  const boxes = labels.map(({ x, y }, i) => boxAround(x, y, 6 * marks[i]!.text.length, 9));
  for (const [i, box] of boxes.entries()) {
    for (const other of boxes.slice(i + 1)) expect(overlap(box, other)).toBe(false);
    for (const { x, y } of marks) expect(overlap(box, boxAround(x, y, RADIUS, RADIUS))).toBe(false);
    expect(overlap(box, taken)).toBe(false);
    expect(box.left >= FRAME.left && box.right <= FRAME.right).toBe(true);
  }
  expect(labels.some((l) => l.far)).toBe(true);
  expect(placeLabels([{ x: 100, y: 100, text: "1" }], RADIUS, FRAME)[0]!.far).toBe(false);
});
