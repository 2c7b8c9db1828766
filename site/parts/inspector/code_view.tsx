// WGSL with line numbers; one line may be marked, and is scrolled into view.

import { useEffect, useMemo, useRef } from "preact/hooks";
import { ScrollArea } from "../scroll_area.tsx";

interface CodeProps {
  readonly text: string;
  /** Of the file, for the region's name. */
  readonly name: string;
  /** From 1; null: none. */
  readonly line: number | null;
}

export function CodeView({ text, name, line }: CodeProps) {
  const box = useRef<HTMLElement>(null);
  const lines = useMemo(() => text.split("\n"), [text]);
  useEffect(() => {
    const region = box.current;
    const row = line === null ? null : region?.querySelector<HTMLElement>(`[data-line="${line}"]`);
    if (region && row) region.scrollTop = row.offsetTop - region.clientHeight / 2; // the page itself stays
  }, [line]);
  return (
    <ScrollArea box={box} class="wgsl mono" label={`WGSL of ${name}`}>
      {lines.map((words, i) => (
        <div key={i} data-line={i + 1} class={i + 1 === line ? "line now" : "line"}>
          <span class="line-number" aria-hidden="true">
            {i + 1}
          </span>
          <code>{words || " "}</code>
        </div>
      ))}
    </ScrollArea>
  );
}
