// What scrolls by itself, so that the page does not. It can be scrolled by keys: WCAG 2.1.1, axe
// `scrollable-region-focusable`.

import type { ComponentChildren, RefObject } from "preact";

interface ScrollAreaProps {
  readonly label: string;
  readonly class?: string;
  readonly box?: RefObject<HTMLElement | null>;
  readonly children: ComponentChildren;
}

export function ScrollArea({ label, class: own = "scroll", box, children }: ScrollAreaProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without the focus no arrow key would reach what is outside the view
    <section ref={box} class={own} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
