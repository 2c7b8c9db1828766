// Run, pause and step of the run that is on; the same run on every page.

import { call } from "../engine/client.ts";
import { attempt, info, progress } from "../engine/session.ts";
import { SteadyButton } from "./steady_button.tsx";
import "./bare.css";

export function RunControls() {
  const state = progress.value?.state ?? "paused";
  const [running, ready] = [state === "running", info.value !== null];
  const off = !ready || !(running || state === "paused");
  return (
    <fieldset class="row bare" aria-label="Training">
      <SteadyButton
        class={off ? undefined : "primary"}
        off={off}
        onPress={() => attempt(() => call(running ? "pause" : "play"))}
      >
        {running ? "Pause" : state === "pausing" ? "Pausing" : "Run"}
      </SteadyButton>
      <SteadyButton off={off || running} onPress={() => attempt(() => call("step", 1))}>
        Step
      </SteadyButton>
      <span class="small muted">
        step {(progress.value?.step ?? 0).toLocaleString("en")}
        {info.value && ` of ${info.value.totalSteps.toLocaleString("en")}`}, {state}
      </span>
    </fieldset>
  );
}
