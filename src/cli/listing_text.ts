// A program listing as text for a terminal of 120 columns: a line of numbers per dispatch, below it kernel, variant and shapes;
// then the totals. The data: src/gpu/listing.ts.

import type { CallCounts } from "../gpu/count_calls.ts";
import type { ListedBinding, ListedDispatch, ProgramListing } from "../gpu/listing.ts";

const WIDTH = 120;
const PLACE = 4;
/** Heading and width of the columns on the right. */
const COLUMNS = [
  ["grid", 9],
  ["FLOP", 7],
  ["bytes", 7],
  ["us", 8],
  ["GFLOP/s", 8],
  ["GB/s", 6],
  ["of roof", 13],
] as const;
const NUMBERS = COLUMNS.reduce((n, [, width]) => n + width, 0);
const LABEL = WIDTH - PLACE - NUMBERS;

export function listingText({ dispatches }: ProgramListing): string {
  const heading = line("", "dispatch", row(COLUMNS.map(([name]) => name)));
  return [heading, ...dispatches.map(dispatchText)].join("\n");
}

function dispatchText(d: ListedDispatch): string {
  const { time } = d;
  const rates = time
    ? [short(time.ns / 1000), short(time.gflops), short(time.gbs), roofText(time.share, time.roof)]
    : ["-", "-", "-", "-"];
  const numbers = row([d.grid.join("x"), count(d.flops), count(d.bytes), ...rates]);
  const [first, ...more] = wrap(d.label, LABEL - 1);
  const detail = wrap(`${kernelText(d)}: ${shapesText(d.bindings)}`, WIDTH - PLACE);
  return [line(String(d.at), first, numbers), ...more.map(indent), ...detail.map(indent)].join("\n");
}

const line = (place: string, label: string, numbers: string) =>
  (place.padStart(PLACE - 1).padEnd(PLACE) + label.padEnd(LABEL) + numbers).trimEnd();
const row = (cells: readonly string[]) => cells.map((c, i) => c.padStart(COLUMNS[i][1])).join("");
const indent = (text: string) => " ".repeat(PLACE) + text;

const roofText = (share: number | null, roof: string | null) =>
  share === null ? "-" : `${(100 * share).toFixed(0)} % ${roof?.padEnd(6)}`;

/** `matmul_quad TRANS_B TM=16 V=vec4<f32>`: what differs from the shader's own constants and types. */
export function kernelText({ kernel, variant }: ListedDispatch): string {
  const parts = Object.entries(variant).map(([name, value]) => {
    if (value === true) return name;
    return value === false ? `!${name}` : `${name}=${value}`;
  });
  return [kernel, ...parts].join(" ");
}

/** `a[64,784] b[256,784] -> y[64,256]` */
function shapesText(bindings: readonly ListedBinding[]): string {
  const text = (access: string) =>
    bindings.filter((b) => b.given && b.access === access).map((b) => b.name + shapeText(b));
  return [...text("read"), "->", ...text("read_write")].join(" ");
}

const shapeText = ({ shape, bytes, type }: ListedBinding) =>
  shape ? `[${shape.join(",")}]${type === null || type === "f32" ? "" : `:${type}`}` : `[${bytes} B]`;

export function totalsText({ totals, memory, roofs }: ProgramListing, calls: CallCounts | null): string {
  const { recorded, dispatches, pipelines, flops, bytes, ns, share } = totals;
  const rate = ns ? `, ${short(flops / ns)} GFLOP/s, ${short(bytes / ns)} GB/s` : "";
  const part = share === null ? "" : `, ${(100 * share).toFixed(0)} % of what the roofs allow`;
  const ratio = (memory.plannedBytes / Math.max(memory.boundBytes, 1)).toFixed(2);
  const lines = [
    ["dispatches", `${dispatches} of ${recorded} recorded, ${pipelines} pipelines`],
    ["work", `${count(flops)} FLOP, ${count(bytes)} bytes`],
    ["GPU time", ns === null ? "-" : `${short(ns / 1e6)} ms${rate}${part}`],
    ["roofs", roofs ? `peak ${short(roofs.gflops)} GFLOP/s, stream ${short(roofs.gbs)} GB/s` : "-"],
    ["memory", `${count(memory.plannedBytes)} bytes planned, ${ratio} times the most alive at once`],
    ["constants", `${count(memory.constantBytes)} bytes`],
  ];
  if (calls) lines.push(["a replay", callsText(calls)]);
  return lines.map(([name, text]) => `${name.padEnd(11)} ${text}`).join("\n");
}

function callsText(calls: CallCounts): string {
  const { submits, passes, writes, copies, buffersCreated, bindGroupsCreated } = calls;
  const made = `${buffersCreated} new buffers, ${bindGroupsCreated} new bind groups`;
  return `${plural(submits, "submit")}, ${plural(passes, "pass")}, ${plural(writes, "write")}, ${plural(copies, "copy")}, ${made}`;
}

const PLURALS: Readonly<Record<string, string>> = { pass: "passes", copy: "copies" };
const plural = (n: number, one: string) => `${n} ${n === 1 ? one : (PLURALS[one] ?? `${one}s`)}`;

/** Breaks at spaces; a word longer than the width stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Three figures, at most three of them after the point: `0.012`, `4.56`, `123`. */
export function short(value: number): string {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(3));
  const magnitude = Math.floor(Math.log10(Math.abs(rounded)));
  return rounded.toFixed(Math.max(0, Math.min(3, 2 - magnitude)));
}

/** `512`, `25.7M`: three figures and a power of a thousand. */
export function count(value: number): string {
  const units = ["", "k", "M", "G", "T"];
  let [left, unit] = [value, 0];
  while (left >= 999.5 && unit < units.length - 1) [left, unit] = [left / 1000, unit + 1];
  return unit === 0 ? String(left) : short(left) + units[unit];
}
