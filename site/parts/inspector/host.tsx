// Where the Inspector appears. Its code is loaded when it is first opened.

import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { close, inspected } from "./open.ts";

export function InspectorHost() {
  const Panel = useSignal<ComponentType | null>(null);
  const fault = useSignal<string | null>(null);
  const open = inspected.value !== null;
  useEffect(() => {
    if (!open || Panel.value) return;
    import("./panel.tsx").then(
      (m) => (Panel.value = m.InspectorPanel),
      (error: unknown) => (fault.value = error instanceof Error ? error.message : String(error)),
    );
  }, [open]);
  useEffect(() => close, []); // with the page that showed it
  if (!open) return null;
  if (Panel.value) return <Panel.value />;
  if (!fault.value) return null;
  return (
    <div class="message" role="alert">
      The Inspector could not be loaded ({fault.value}).{" "}
      <button type="button" onClick={close}>
        Close
      </button>
    </div>
  );
}
