// Run, pause, step, reset, the rate of now; why nothing can be run, and what a run says.

import { info, opened, progress } from "../../engine/session.ts";
import { NumberField } from "../../parts/number_field.tsx";
import { SteadyButton } from "../../parts/steady_button.tsx";
import { ErrorLine, useTask } from "../../parts/task.tsx";
import { beginAndRun, pause, run, setRate, startOver, step } from "./control.ts";
import { blocked, differs, rate, state } from "./state.ts";

export function Controls() {
  const task = useTask();
  const now = state.value;
  const [running, recovering] = [now === "running", now === "recovering"];
  const waiting = !opened.value;
  // A run that stands can go on whatever the form says.
  const canRun = opened.value?.ok === true && (info.value !== null || blocked.value === null) && !recovering;
  const off = !canRun || task.busy || now === "pausing" || now === "failed";
  const why = waiting ? "Looking for a GPU." : recovering ? "The device is coming back." : blocked.value;
  return (
    <section class="panel" aria-label="Controls of the run">
      <div class="row">
        <SteadyButton
          id="train-run"
          class="primary"
          off={off}
          why="train-why"
          onPress={() => task.run(running ? pause : run)}
        >
          {running ? "Pause" : now === "pausing" ? "Pausing" : now === "finished" ? "Run again" : "Run"}
        </SteadyButton>
        <SteadyButton off={off || running || now === "finished"} onPress={() => task.run(step)}>
          Step
        </SteadyButton>
        <SteadyButton off={!canRun || task.busy || !info.value} onPress={() => task.run(startOver)}>
          Reset
        </SteadyButton>
        {differs.value && (
          <SteadyButton
            off={task.busy || blocked.value !== null}
            onPress={() => {
              document.getElementById("train-run")?.focus(); // this one goes away
              task.run(beginAndRun);
            }}
          >
            Start with the new settings
          </SteadyButton>
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
