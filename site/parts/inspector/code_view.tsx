// WGSL with line numbers; one line may be marked, and is scrolled into view.

import { useEffect, useMemo, useRef } from "preact/hooks";

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
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section ref={box} class="wgsl mono" aria-label={`WGSL of ${name}`} tabIndex={0}>
      {lines.map((words, i) => (
        <div key={i} data-line={i + 1} class={i + 1 === line ? "line now" : "line"}>
          <span class="line-number" aria-hidden="true">
            {i + 1}
          </span>
          <code>{words || " "}</code>
        </div>
      ))}
    </section>
  );
}
