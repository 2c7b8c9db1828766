// Run, pause and step of the run that is on; the same run on every page.

import { call } from "../engine/client.ts";
import { attempt, info, progress } from "../engine/session.ts";
import "./bare.css";

export function RunControls() {
  const state = progress.value?.state ?? "paused";
  const [running, ready] = [state === "running", info.value !== null];
  const over = state === "finished" || state === "failed" || state === "recovering";
  return (
    <fieldset class="row bare" aria-label="Training">
      <button
        type="button"
        class={ready && !over ? "primary" : undefined}
        disabled={!ready || over}
        onClick={() => attempt(() => call(running ? "pause" : "play"))}
      >
        {running ? "Pause" : "Run"}
      </button>
      <button
        type="button"
        disabled={!ready || running || over}
        onClick={() => attempt(() => call("step", 1))}
      >
        Step
      </button>
      <span class="small muted">
        step {(progress.value?.step ?? 0).toLocaleString("en")}
        {info.value && ` of ${info.value.totalSteps.toLocaleString("en")}`}, {state}
      </span>
    </fieldset>
  );
}
