// Cost: time, arithmetic and traffic of each dispatch that made the element and its gradient. They made the whole tensor, not the
// element alone.

import type { ShaderView } from "../../engine/protocol.ts";
import { ScrollArea } from "../scroll_area.tsx";
import { numbers, TableHead, words } from "../table_head.tsx";
import { bytes, count, short, time } from "./numbers.ts";
import type { TabProps } from "./tabs.tsx";

export function CostTab({ inspection: { forward, backward, shape } }: TabProps) {
  const total = shape.reduce((n, s) => n * s, 1);
  return (
    <>
      <Dispatches title="Forward" views={forward} />
      <Dispatches title="Backward" views={backward} />
      <p class="small muted">
        A dispatch computes all {count(total)} numbers of its tensor at once: these are the costs of all of
        them. Shares are of the highest rates that the Bench page measured on this device.
      </p>
    </>
  );
}

function Dispatches({ title, views }: { title: string; views: readonly ShaderView[] }) {
  return (
    <>
      <h3>{title}</h3>
      {views.length === 0 ? (
        <p class="small">No dispatch.</p>
      ) : (
        <ScrollArea label={`${title}: cost of the dispatches`}>
          <table class="cost small">
            <TableHead columns={[...words("kernel"), ...numbers("time", "arithmetic", "traffic")]} />
            <tbody>
              {views.map((view) => (
                <Row key={view.at} view={view} />
              ))}
            </tbody>
          </table>
        </ScrollArea>
      )}
    </>
  );
}

function Row({ view }: { view: ShaderView }) {
  const { us, flops, bytes: moved } = view;
  return (
    <tr>
      <th scope="row">
        {view.kernel}
        <br />
        <span class="muted small">dispatch {view.at}</span>
      </th>
      <td class="number">{us === null ? "not measured" : time(us)}</td>
      <td class="number">
        {count(flops)} FLOP
        <Rate per={us && flops / (us * 1000)} unit="GFLOP/s" share={view.gflops} />
      </td>
      <td class="number">
        {bytes(moved)}
        <Rate per={us && moved / (us * 1000)} unit="GB/s" share={view.gbs} />
      </td>
    </tr>
  );
}

function Rate({ per, unit, share }: { per: number | null; unit: string; share: number | null }) {
  return (
    <>
      <br />
      <span class="muted">
        {per === null ? "rate not measured" : `${short(per)} ${unit}`}
        {share !== null && `, ${(100 * share).toFixed(1)} % of the roof`}
      </span>
    </>
  );
}
