// What can be folded away. On a narrow screen it is, at first: a page of all its panels would be very long there.

import type { ComponentChildren } from "preact";
import { narrow } from "./narrow.ts";
import "./fold.css";

export function Fold({ heading, children }: { heading: ComponentChildren; children: ComponentChildren }) {
  return (
    <details class="fold" open={!narrow.value}>
      <summary>{heading}</summary>
      <div class="fold-body">{children}</div>
    </details>
  );
}
