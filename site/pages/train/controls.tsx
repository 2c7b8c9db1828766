// Run, pause, step, reset, the rate of now; why nothing can be run, and what a run says.

import { info, opened, progress } from "../../engine/session.ts";
import { NumberField } from "../../parts/number_field.tsx";
import { ErrorLine, useTask } from "../../parts/task.tsx";
import { beginAndRun, pause, run, setRate, startOver, step } from "./control.ts";
import { blocked, differs, rate, state } from "./state.ts";

export function Controls() {
  const task = useTask();
  const running = state.value === "running";
  const recovering = state.value === "recovering";
  const waiting = !opened.value;
  // A run that stands can go on whatever the form says.
  const canRun = opened.value?.ok === true && (info.value !== null || blocked.value === null) && !recovering;
  const why = waiting ? "Looking for a GPU." : recovering ? "The device is coming back." : blocked.value;
  return (
    <section class="panel" aria-label="Controls of the run">
      <div class="row">
        <button
          type="button"
          class="primary"
          disabled={!canRun || state.value === "failed"}
          aria-disabled={task.busy} // not disabled: that would take the focus from it
          aria-describedby="train-why"
          onClick={() => task.run(running ? pause : run)}
        >
          {running ? "Pause" : state.value === "finished" ? "Run again" : "Run"}
        </button>
        <button
          type="button"
          aria-disabled={task.busy}
          disabled={!canRun || running || state.value === "finished" || state.value === "failed"}
          onClick={() => task.run(step)}
        >
          Step
        </button>
        <button
          type="button"
          disabled={!canRun || task.busy || !info.value}
          onClick={() => task.run(startOver)}
        >
          Reset
        </button>
        {differs.value && (
          <button
            type="button"
            disabled={task.busy || blocked.value !== null}
            onClick={() => task.run(beginAndRun)}
          >
            Start with the new settings
          </button>
        )}
        <button
          type="button"
          class="to-settings"
          onClick={() => document.getElementById("settings-title")?.focus()}
        >
          To the settings
        </button>
        <RateNow />
      </div>
      <p id="train-why" class="small warn">
        {why}
      </p>
      {differs.value && (
        <p class="small muted">The run on screen has other settings; they apply with "Start" or "Reset".</p>
      )}
      <p class="small" role="status">
        {task.busy && !info.value
          ? "Building the network and compiling its shaders."
          : progress.value?.message}
      </p>
      <ErrorLine error={task.error} />
    </section>
  );
}

/** Sets the rate of the run that is on: a link does not hold that, so such a run is no longer the link's. */
function RateNow() {
  const task = useTask();
  if (!info.value) return null;
  return (
    <>
      <NumberField
        label="Learning rate from now on"
        value={rate.value ?? info.value.config.lr}
        low={0}
        high={10}
        hint="the schedule multiplies it; not kept in the link"
        onValue={(lr) => task.run(() => setRate(lr))}
      />
      <ErrorLine error={task.error} />
    </>
  );
}
