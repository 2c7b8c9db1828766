// Entry of the site.

import { render } from "preact";
import "./frame/style.css";
import { Frame } from "./frame/frame.tsx";

render(<Frame />, document.getElementById("app")!);

// A file dropped beside the place for it would take the visitor, and the run, away from the site.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());

// Offline use: built pages only, since the list of files is the build's.
if (import.meta.env.PROD && "serviceWorker" in navigator)
  navigator.serviceWorker.register("./offline_worker.js").catch(() => undefined); // a browser may forbid it: online then

// Loads the hook of the browser tests, and only for them.
if (new URLSearchParams(location.search).has("test"))
  void import("./frame/test_hook.ts").then(({ installTestHook }) => installTestHook());
