// Where the Inspector appears. Its code is loaded when it is first opened.

import { useEffect } from "preact/hooks";
import { lazy } from "../lazy.tsx";
import { close, inspected } from "./open.ts";

const Panel = lazy(async () => (await import("./panel.tsx")).InspectorPanel);

export function InspectorHost() {
  useEffect(() => close, []); // with the page that showed it
  return inspected.value === null ? null : <Panel />;
}
