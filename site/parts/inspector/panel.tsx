// The Inspector: one number of the run, opened down to its multiply-adds, its gradient, its shader and its microseconds. At the right
// side, on a narrow screen a sheet at the bottom; the page behind it stays usable. Escape closes it.

import { useEffect, useRef } from "preact/hooks";
import type { ElementRef, Inspection } from "../../engine/protocol.ts";
import { info } from "../../engine/session.ts";
import { BackTab } from "./back_tab.tsx";
import { CostTab } from "./cost_tab.tsx";
import { answer, ask } from "./inspection.ts";
import { refText } from "./links.ts";
import { close, inspected, stepBack, trail } from "./open.ts";
import { PlaceFields } from "./place_fields.tsx";
import { ShaderTab } from "./shader_tab.tsx";
import { type Tab, Tabs } from "./tabs.tsx";
import { ValueTab } from "./value_tab.tsx";
import { WhyTab } from "./why_tab.tsx";
import "./inspector.css";

const TABS = [
  { name: "Value", Content: ValueTab },
  { name: "Why", Content: WhyTab },
  { name: "Back", Content: BackTab },
  { name: "Shader", Content: ShaderTab },
  { name: "Cost", Content: CostTab },
] as const satisfies readonly Tab[];

export function InspectorPanel() {
  const ref = inspected.value;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.documentElement.dataset.inspector = "";
    title.current?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) close();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
      delete document.documentElement.dataset.inspector;
    };
  }, []);
  // While the panel is open it stays in one step: what it is led to belongs to what it came from.
  const first = useRef(true);
  useEffect(() => {
    if (ref) void ask(ref, first.current ? "auto" : "same");
    first.current = false;
  }, [ref]);
  if (!ref) return null;
  return (
    <aside class="inspector" aria-labelledby="inspector-title">
      <div class="inspector-head">
        <h2 id="inspector-title" ref={title} tabIndex={-1}>
          Inspector
        </h2>
        <button type="button" disabled={trail.value.length === 0} onClick={stepBack}>
          Back<span class="visually-hidden"> to the element before</span>
        </button>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
      <Answered element={ref} />
    </aside>
  );
}

function Answered({ element }: { element: ElementRef }) {
  const now = answer.value;
  const shown = now.state === "ready" ? now.inspection : now.state === "loading" ? now.last : null;
  return (
    <>
      <p class="mono element">{now.state === "ready" ? now.inspection.label : refText(element)}</p>
      <div aria-live="polite">
        {now.state === "loading" && <p class="small muted">Running the step with everything kept ...</p>}
      </div>
      {now.state === "failed" && (
        <div class="message" role="alert">
          {now.message}{" "}
          <button type="button" onClick={() => void ask(element, "auto")}>
            Try again
          </button>
        </div>
      )}
      {shown && (
        <div aria-busy={now.state === "loading"} class={now.state === "loading" ? "stale" : undefined}>
          <PlaceFields inspection={shown} />
          <Origin inspection={shown} element={element} />
          <Tabs tabs={TABS} inspection={shown} />
        </div>
      )}
    </>
  );
}

function Origin({ inspection, element }: { inspection: Inspection; element: ElementRef }) {
  const loading = answer.value.state === "loading";
  const beyond = inspection.step > (info.value?.totalSteps ?? Infinity);
  return (
    <div class="row small origin">
      <span>
        Numbers of training step <b>{inspection.step.toLocaleString("en")}</b>, variant{" "}
        <b>{inspection.variant}</b>
        {beyond && ": one step more than the run has, undone afterwards"}.
      </span>
      <button
        type="button"
        class="small"
        aria-disabled={loading} // not disabled: that would take the focus from it
        onClick={() => loading || void ask(element, "fresh")}
      >
        Run the next step
      </button>
    </div>
  );
}
