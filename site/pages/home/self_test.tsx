// The self-test: some kernels on this device against float64 values of the processor.

import { opened } from "../../engine/session.ts";
import { ScrollArea } from "../../parts/scroll_area.tsx";
import { numbers, TableHead, words } from "../../parts/table_head.tsx";
import { selfTest, test } from "./state.ts";

export function SelfTest() {
  const { running, rows, fault } = selfTest.value;
  const bad = rows?.filter((row) => !row.ok).length ?? 0;
  return (
    <section class="panel" aria-labelledby="home-test">
      <h2 id="home-test">Self-test</h2>
      <p>The engine's kernels on this device, against the same sums in float64 on the processor.</p>
      <div class="row">
        <button type="button" onClick={test} disabled={!opened.value?.ok} aria-disabled={running}>
          {rows || fault ? "Test again" : "Test"}
        </button>
        <output>
          {running && "Testing"}
          {fault && <span class="bad">The test could not run: {fault}</span>}
          {rows && bad === 0 && <span class="good">All {rows.length} are right</span>}
          {bad > 0 && (
            <span class="bad">
              {bad} of {rows!.length} are wrong: results on this device cannot be trusted
            </span>
          )}
        </output>
      </div>
      {rows && (
        <ScrollArea label="Results of the self-test">
          <table class="small">
            <TableHead columns={[...words("kernel"), ...numbers("error", "allowed"), ...words("result")]} />
            <tbody>
              {rows.map(({ name, error, bound, ok }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td class="number">{error.toExponential(1)}</td>
                  <td class="number">{bound.toExponential(1)}</td>
                  <td class={ok ? "good" : "bad"}>{ok ? "right" : "wrong"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollArea>
      )}
    </section>
  );
}
