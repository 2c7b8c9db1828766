// Parts of a whole as one bar, and the same as a table: the largest by name, the rest together.

import { Fragment } from "preact";
import { ScrollArea } from "./scroll_area.tsx";
import "./stacked_bars.css";
import { numbers, TableHead, words } from "./table_head.tsx";

export interface BarPart {
  readonly name: string;
  readonly value: number;
  /** Further cells of the table's row. */
  readonly cells?: readonly string[];
}

interface StackedBarsProps {
  readonly caption: string;
  readonly unit: string;
  readonly parts: readonly BarPart[];
  /** Heads of the further cells. */
  readonly heads?: readonly string[];
}

/** As many colours as stacked_bars.css has; one more for the rest. */
const NAMED = 8;

export function StackedBars({ caption, unit, parts, heads = [] }: StackedBarsProps) {
  const sorted = [...parts].sort((a, b) => b.value - a.value);
  const whole = sorted.reduce((sum, part) => sum + part.value, 0);
  const share = (value: number) => (whole > 0 ? (100 * value) / whole : 0);
  const rest = sorted.slice(NAMED).reduce((sum, part) => sum + part.value, 0);
  const said = sorted.slice(0, 3).map((part) => `${part.name} ${share(part.value).toFixed(0)} %`);
  return (
    <div class="bars">
      <div class="bar" role="img" aria-label={`${caption}: ${whole.toFixed(2)} ${unit}; ${said.join(", ")}`}>
        {sorted.slice(0, NAMED).map((part, i) => (
          <span key={part.name} class={`part part-${i}`} style={{ flexGrow: String(share(part.value)) }} />
        ))}
        {rest > 0 && <span class="part part-rest" style={{ flexGrow: String(share(rest)) }} />}
      </div>
      <ScrollArea label={`${caption}, table`}>
        <table class="small">
          <TableHead columns={[...words("Kernel"), ...numbers(unit, "share", ...heads)]} />
          <tbody>
            {sorted.map((part, i) => (
              <tr key={part.name}>
                <th scope="row">
                  <span class={`key part-${i < NAMED ? i : "rest"}`} aria-hidden="true" />
                  {breakable(part.name)}
                </th>
                <td class="number">{part.value.toFixed(3)}</td>
                <td class="number">{share(part.value).toFixed(1)} %</td>
                {part.cells?.map((cell, c) => (
                  <td key={heads[c]} class="number">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">All</th>
              <td class="number">{whole.toFixed(3)}</td>
              <td class="number">100 %</td>
            </tr>
          </tfoot>
        </table>
      </ScrollArea>
    </div>
  );
}

/** A name that may break behind its underscores: `conv2d_weight_gradient` on a phone. */
const breakable = (name: string) =>
  name.split("_").map((word, i, all) => (
    <Fragment key={`${i} ${word}`}>
      {word}
      {i < all.length - 1 && (
        <>
          _<wbr />
        </>
      )}
    </Fragment>
  ));
