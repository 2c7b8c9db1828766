// A confusion matrix as a table of buttons: rows are the true classes, columns what the model said. One tab stop; arrow keys go from
// cell to cell.

import { useRef, useState } from "preact/hooks";
import type { Confusion } from "../engine/protocol.ts";
import { ScrollArea } from "./scroll_area.tsx";
import "./confusion.css";

export interface CellRef {
  readonly label: number;
  readonly guess: number;
}

interface ConfusionTableProps {
  readonly confusion: Confusion;
  readonly chosen: CellRef | null;
  readonly onChoose: (cell: CellRef) => void;
}

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export function ConfusionTable({ confusion, chosen, onChoose }: ConfusionTableProps) {
  const { classes, counts } = confusion;
  const n = classes.length;
  const [focus, setFocus] = useState<CellRef>({ label: 0, guess: 0 });
  const body = useRef<HTMLTableSectionElement>(null);
  const totals = classes.map((_, label) =>
    counts.slice(label * n, (label + 1) * n).reduce((a, b) => a + b, 0),
  );
  const onKeyDown = (event: KeyboardEvent) => {
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const within = (v: number) => Math.min(n - 1, Math.max(0, v));
    const to = { label: within(focus.label + move[0]), guess: within(focus.guess + move[1]) };
    setFocus(to);
    body.current?.querySelectorAll("button")[to.label * n + to.guess]?.focus();
  };
  return (
    <ScrollArea label="Confusion matrix">
      <table class="confusion small" aria-label="Rows: what the picture is. Columns: what the model says.">
        <thead>
          <tr>
            <td />
            {classes.map((name) => (
              <th key={name} scope="col">
                {short(name)}
              </th>
            ))}
            <th scope="col">right</th>
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={onKeyDown}>
          {classes.map((name, label) => (
            <tr key={name}>
              <th scope="row">{short(name)}</th>
              {classes.map((guessed, guess) => {
                const count = counts[label * n + guess]!;
                const here = label === focus.label && guess === focus.guess;
                return (
                  <td key={guessed}>
                    <button
                      type="button"
                      class={label === guess ? "hit" : "miss"}
                      tabIndex={here ? 0 : -1}
                      aria-pressed={chosen?.label === label && chosen.guess === guess}
                      aria-label={`${name} taken for ${guessed}: ${count}`}
                      style={{ "--share": `${tint(count, totals[label]!)}%` }}
                      onFocus={() => setFocus({ label, guess })}
                      onClick={() => onChoose({ label, guess })}
                    >
                      {count === 0 ? "·" : count}
                    </button>
                  </td>
                );
              })}
              <td class="number">
                {totals[label]! > 0
                  ? `${((100 * counts[label * n + label]!) / totals[label]!).toFixed(0)} %`
                  : ""}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

/** Percent of colour in the ground: at most 40, so that the number stays readable; few are seen too. */
const tint = (count: number, total: number): number => (count === 0 ? 0 : 8 + 32 * Math.sqrt(count / total));
const short = (name: string): string => (name.length > 9 ? `${name.slice(0, 8)}.` : name);
