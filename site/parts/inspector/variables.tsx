// Variables of the invocation at hand.

import { ScrollArea } from "../scroll_area.tsx";
import { TableHead, words } from "../table_head.tsx";
import { exact } from "./numbers.ts";
import type { SteppedVariable } from "./stepper.ts";

/** Numbers of an array that are written out. */
const MOST = 16;

export function VariablesTable({ variables }: { variables: readonly SteppedVariable[] }) {
  if (variables.length === 0) return <p class="small muted">No variables yet.</p>;
  return (
    <ScrollArea label="Variables">
      <table class="small terms">
        <TableHead columns={words("variable", "value")} />
        <tbody>
          {variables.map(({ name, value }) => (
            <tr key={name}>
              <th scope="row" class="mono">
                {name}
              </th>
              <td class="mono">{written(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

function written(value: SteppedVariable["value"]): string {
  if (typeof value === "number") return exact(value);
  const first = value.slice(0, MOST).map(exact).join(", ");
  return `[${first}${value.length > MOST ? ", ..." : ""}]`;
}
