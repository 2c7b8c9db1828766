// Tabs by the WAI-ARIA pattern: one stop of the Tab key, arrow keys choose. The chosen one stays from element to element.

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useRef } from "preact/hooks";
import type { Inspection } from "../../engine/protocol.ts";

export interface TabProps {
  readonly inspection: Inspection;
}
export interface Tab {
  readonly name: string;
  readonly Content: ComponentType<TabProps>;
}

const chosen = signal(0);

export function Tabs({ tabs, inspection }: { tabs: readonly Tab[]; inspection: Inspection }) {
  const list = useRef<HTMLDivElement>(null);
  const at = Math.min(chosen.value, tabs.length - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    const to = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    chosen.value = to;
    (list.current?.children[to] as HTMLElement | undefined)?.focus();
  };
  const { name, Content } = tabs[at];
  return (
    <>
      <div ref={list} class="tabs" role="tablist" aria-label="Views of the element" onKeyDown={onKeyDown}>
        {tabs.map((tab, i) => (
          <button
            key={tab.name}
            type="button"
            role="tab"
            id={`inspector-tab-${tab.name}`}
            aria-selected={i === at}
            aria-controls="inspector-tabpanel"
            tabIndex={i === at ? 0 : -1}
            onClick={() => {
              chosen.value = i;
            }}
          >
            {tab.name}
          </button>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a panel that may hold nothing to focus is a stop itself (ARIA practices, tabs) */}
      <div id="inspector-tabpanel" role="tabpanel" aria-labelledby={`inspector-tab-${name}`} tabIndex={0}>
        <Content inspection={inspection} />
      </div>
    </>
  );
}
