// Shader: the text that was compiled, with what each dispatch was given, and the invocation stepped through on demand.

import { useSignal } from "@preact/signals";
import type { ShaderView } from "../../engine/protocol.ts";
import { ScrollArea } from "../scroll_area.tsx";
import { numbers, TableHead, words } from "../table_head.tsx";
import { refText } from "./links.ts";
import { bytes, count } from "./numbers.ts";
import { StepThrough } from "./step_through.tsx";
import type { TabProps } from "./tabs.tsx";

export function ShaderTab({ inspection }: TabProps) {
  const { forward, backward } = inspection;
  const all = [
    ...forward.map((view) => ({ view, side: "forward" })),
    ...backward.map((view) => ({ view, side: "backward" })),
  ];
  const chosen = useSignal(0);
  if (all.length === 0)
    return <p>No shader wrote this element: it was uploaded, or stands for another one.</p>;
  const at = Math.min(chosen.value, all.length - 1);
  const { view } = all[at];
  return (
    <>
      <label class="field small">
        <span class="muted">Dispatch</span>
        <select
          value={at}
          onChange={(event) => {
            chosen.value = Number(event.currentTarget.value);
          }}
        >
          {all.map((one, i) => (
            <option key={i} value={i}>
              {one.side} {one.view.at}: {one.view.kernel} ({one.view.label})
            </option>
          ))}
        </select>
      </label>
      <Given view={view} />
      <StepThrough
        key={`${inspection.step} ${refText(inspection.ref)} ${view.at}`}
        inspection={inspection}
        view={view}
      />
    </>
  );
}

function Given({ view }: { view: ShaderView }) {
  const { file, grid, overrides, params, bindings } = view;
  const pairs = (of: Readonly<Record<string, number | string>>) =>
    Object.entries(of)
      .map(([name, value]) => `${name} = ${value}`)
      .join(", ") || "none";
  return (
    <>
      <table class="small">
        <caption class="visually-hidden">What the dispatch was given</caption>
        <tbody>
          <tr>
            <th scope="row">file</th>
            <td class="mono">{file}</td>
          </tr>
          <tr>
            <th scope="row">workgroups</th>
            <td class="mono">
              {grid.join(" x ")} = {count(grid.reduce((a, b) => a * b, 1))}
            </td>
          </tr>
          <tr>
            <th scope="row">overrides</th>
            <td class="mono">{pairs(overrides)}</td>
          </tr>
          <tr>
            <th scope="row">params</th>
            <td class="mono">{pairs(params)}</td>
          </tr>
        </tbody>
      </table>
      <ScrollArea label="Bindings">
        <table class="small">
          <caption class="visually-hidden">Bindings</caption>
          <TableHead columns={[...words("binding", "access", "shape"), ...numbers("size")]} />
          <tbody>
            {bindings.map(({ name, access, shape, bytes: size }) => (
              <tr key={name}>
                <th scope="row" class="mono">
                  {name}
                </th>
                <td>{access}</td>
                <td class="mono">{shape ? `[${shape.join(", ")}]` : ""}</td>
                <td class="number">{bytes(size)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea>
    </>
  );
}
