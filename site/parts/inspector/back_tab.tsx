// Back: the gradient of the loss by the element, and for a weight the optimizer's update, line by line.

import type { Inspection } from "../../engine/protocol.ts";
import { numbers, TableHead, words } from "../table_head.tsx";
import { ArithmeticView } from "./arithmetic.tsx";
import { Comparison } from "./comparison.tsx";
import { exact } from "./numbers.ts";
import type { TabProps } from "./tabs.tsx";

export function BackTab({ inspection }: TabProps) {
  const { back, update, ref } = inspection;
  return (
    <>
      {back ? (
        <>
          <h3>Gradient of the loss</h3>
          <p class="small">
            If this number grew a little, the loss would change by <b class="mono">{exact(back.value)}</b>{" "}
            times as much.
          </p>
          <ArithmeticView arithmetic={back} element={ref} side="back" />
        </>
      ) : (
        <p>Nothing in front of this number is trained, so no gradient by it is computed.</p>
      )}
      {update && <Update update={update} after={inspection.after} />}
    </>
  );
}

type UpdateProps = { readonly update: NonNullable<Inspection["update"]> } & Pick<Inspection, "after">;

function Update({ update, after }: UpdateProps) {
  return (
    <>
      <h3>The optimizer's update</h3>
      <table class="steps small">
        <caption class="visually-hidden">Lines of the update</caption>
        <TableHead columns={[...words("name", "formula"), ...numbers("value")]} />
        <tbody>
          {update.map(({ name, formula, value }, i) => (
            <tr key={i}>
              <th scope="row" class="mono">
                {name}
              </th>
              <td class="mono">{formula}</td>
              <td class="number mono">{exact(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {after && <Comparison {...after} />}
    </>
  );
}
