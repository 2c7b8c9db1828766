// A wide thing that scrolls by itself, so that the page does not. It can be scrolled by keys: WCAG 2.1.1, axe
// `scrollable-region-focusable`.

import type { ComponentChildren } from "preact";

export function ScrollArea({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without the focus no arrow key would reach what is outside the view
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
