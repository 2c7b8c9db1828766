// The memory plan of a program as a text chart: a row per buffer, dispatches from left to right, and below them the bytes
// alive at each.

import { aliveAt } from "../gpu/chrome_trace.ts";
import type { ProgramListing } from "../gpu/listing.ts";
import { count } from "./listing_text.ts";

const CHART = 60;
const LEVELS = " ▁▂▃▄▅▆▇█";

export function memoryText({ memory, dispatches: list }: ProgramListing): string {
  const dispatches = list.length;
  const columns = Math.min(CHART, dispatches);
  /** First and last dispatch of a column. */
  const range = (c: number) => {
    const from = Math.floor((c * dispatches) / columns);
    return [from, Math.max(from, Math.floor(((c + 1) * dispatches) / columns) - 1)] as const;
  };
  const every = Array.from({ length: columns }, (_, c) => range(c));
  const rows = [...memory.intervals]
    .sort((a, b) => a.slab - b.slab || a.offset - b.offset || a.from - b.from)
    .map(({ label, bytes, from, to, slab, offset }) => {
      const bar = every.map(([first, last]) => (from <= last && first <= to ? "█" : "·")).join("");
      const life = `${Math.max(from, 0)}-${Math.min(to, dispatches - 1)}`;
      const maker = from < 0 ? label : list[from].label;
      return line([String(slab), count(offset), count(bytes), life], maker, bar);
    });
  const alive = Array.from({ length: dispatches }, (_, at) => aliveAt(memory, at));
  const most = Math.max(...alive, 1);
  const curve = every.map(([first, last]) => {
    const peak = Math.max(...alive.slice(first, last + 1));
    return LEVELS[Math.ceil((peak / most) * (LEVELS.length - 1))];
  });
  const scale = `0${String(dispatches - 1).padStart(columns - 1)}`;
  return [
    line(["slab", "offset", "bytes", "life"], "made in", columns > 1 ? scale : "0"),
    ...rows,
    line(["", "", count(Math.max(...alive, 0)), ""], "alive at once", curve.join("")),
  ].join("\n");
}

const WIDTHS = [4, 7, 7, 8];
const LABEL = 120 - CHART - WIDTHS.reduce((a, b) => a + b) - 3;

function line(cells: readonly string[], label: string, chart: string): string {
  const numbers = cells.map((c, i) => c.padStart(WIDTHS[i])).join("");
  const name = label.length > LABEL ? `…${label.slice(1 - LABEL)}` : label;
  return `${numbers}  ${name.padEnd(LABEL)} ${chart}`;
}
