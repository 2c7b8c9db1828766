// What `brain` found: Dice over all held-out voxels, by block and by slice, beside that of interpolated neighbour labels, and the
// pictures of its page.

import type { BrainSlices } from "../../../data/sets/brain.ts";
import { joinBytes } from "../../../io/join_bytes.ts";
import { neighbourMasks } from "../../baselines/neighbour_masks.ts";
import { diceOf, iouOf, type Overlap, overlaps, pooled } from "../../metrics/overlap.ts";
import type { ChartOptions } from "../../report/chart.ts";
import { type Overlay, overlaySection } from "../../report/overlays.ts";
import { number } from "../../report/text.ts";
import type { Finish } from "../runner/run.ts";

const WORST_SHOWN = 6;

/** The overlap of each held-out slice. */
export function counted(slices: BrainSlices, masks: Uint8Array): Overlap[] {
  return overlaps(masks, heldMasks(slices), slices.height * slices.width);
}

function heldMasks({ blocks, masks, height, width }: BrainSlices): Uint8Array {
  return joinBytes(blocks.map(([from, to]) => masks.subarray(from * height * width, to * height * width)));
}

/** `masks`: those of the held-out slices, one after the other. */
export function brainResult(slices: BrainSlices, masks: Uint8Array): Finish {
  const interpolated = joinBytes(slices.blocks.map((block) => neighbourMasks(slices, block)));
  const [ours, theirs] = [counted(slices, masks), counted(slices, interpolated)];
  const [dice, baselineDice] = [diceOf(pooled(ours)), diceOf(pooled(theirs))];
  const iou = iouOf(pooled(ours));
  const rows = [
    { name: "this run", parts: ours },
    { name: "neighbour labels, interpolated: no image", parts: theirs },
  ];
  return {
    metrics: { dice, iou, baselineDice },
    baseline: { dice: baselineDice, iou: iouOf(pooled(theirs)) },
    report: {
      title: "Brain mask",
      summary: `Dice ${number(dice, 4)} on the ${slices.heldOut.length} held-out slices of one head; labels interpolated from the neighbouring slices, with no image at all, reach ${number(baselineDice, 4)}.`,
      tiles: [
        { label: "Dice on held-out slices", value: number(dice, 3), main: true },
        { label: "interpolated neighbour labels", value: number(baselineDice, 3) },
        { label: "IoU", value: number(iou, 3) },
      ],
      comparison: rows.map(({ name, parts }) => ({ name, values: figures(slices, parts) })),
      charts: [sliceChart(slices, ours, theirs)],
      sections: sections(slices, masks, ours),
    },
  };
}

/** Over all held-out voxels, and of each block that has brain in it. */
function figures({ blocks, heldOut }: BrainSlices, parts: readonly Overlap[]): Record<string, string> {
  const values: Record<string, string> = {
    Dice: number(diceOf(pooled(parts)), 4),
    IoU: number(iouOf(pooled(parts)), 4),
  };
  for (const [from, to] of blocks) {
    const block = pooled(parts.filter((_, i) => heldOut[i]! >= from && heldOut[i]! < to));
    if (block.truth > 0) values[`Dice, slices ${from}-${to - 1}`] = number(diceOf(block), 4);
  }
  return values;
}

function sliceChart(
  { heldOut, blocks }: BrainSlices,
  ours: readonly Overlap[],
  theirs: readonly Overlap[],
): ChartOptions {
  const curve = (parts: readonly Overlap[], from: number, to: number) => {
    const here = heldOut.map((z, i) => ({ z, part: parts[i]! })).filter(({ z }) => z >= from && z < to);
    return here.map(({ z, part }) => ({ x: z, y: part.truth > 0 ? diceOf(part) : Number.NaN }));
  };
  // A gap between blocks: what lies between was trained on.
  const series = (parts: readonly Overlap[]) =>
    blocks.flatMap(([from, to]) => [...curve(parts, from, to), { x: to, y: Number.NaN }]);
  const columns = (points: readonly { x: number; y: number }[]) => ({
    x: points.map((p) => p.x),
    y: points.map((p) => p.y),
  });
  return {
    id: "slices",
    title: "Dice of each held-out slice",
    summary:
      "By the number of the slice from below upwards; gaps are training blocks and slices without brain.",
    series: [
      { label: "this run", ...columns(series(ours)), look: "strong" },
      { label: "interpolated neighbour labels", ...columns(series(theirs)), look: "thin" },
    ],
    xLabel: "slice",
    include: [1],
  };
}

function sections(slices: BrainSlices, masks: Uint8Array, ours: readonly Overlap[]): string[] {
  const { heldOut, blocks } = slices;
  const seen = ours.map((part, i) => ({ part, i })).filter(({ part }) => part.truth > 0);
  const worst = [...seen].sort((a, b) => diceOf(a.part) - diceOf(b.part)).slice(0, WORST_SHOWN);
  const middles = blocks.map(([from, to]) => heldOut.indexOf(Math.floor((from + to) / 2)));
  const inner = middles.filter((i) => ours[i]!.truth > 0);
  const overlays = (indices: readonly number[]) => indices.map((i) => overlay(slices, masks, ours[i]!, i));
  return [
    overlaySection({
      id: "middles",
      title: "Held-out slices, farthest from any that was trained on",
      text: "The middle of each held-out block.",
      overlays: overlays(inner),
    }),
    overlaySection({
      id: "worst",
      title: "Worst slices",
      text: "Held-out slices with brain in them, the lowest Dice first. Small masks lose most by a few pixels.",
      overlays: overlays(worst.map(({ i }) => i)),
    }),
  ];
}

function overlay(slices: BrainSlices, masks: Uint8Array, part: Overlap, i: number): Overlay {
  const { height, width, images, heldOut } = slices;
  const [plane, z] = [height * width, heldOut[i]!];
  return {
    name: `slice ${z}`,
    width,
    height,
    image: images.subarray(z * plane, (z + 1) * plane),
    truth: slices.masks.subarray(z * plane, (z + 1) * plane),
    prediction: masks.subarray(i * plane, (i + 1) * plane),
    overlap: part,
  };
}
