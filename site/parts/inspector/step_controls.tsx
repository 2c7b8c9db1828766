// A line at a time, to a line, to the end, from the start again.

import { useSignal } from "@preact/signals";
import { SteadyButton } from "../steady_button.tsx";
import type { StepperState } from "./stepper_messages.ts";
import type { Stepper } from "./use_stepper.ts";

interface StepControlsProps {
  readonly stepper: Stepper;
  readonly state: StepperState;
  /** Of the text. */
  readonly lines: number;
}

export function StepControls({ stepper, state: { done, running }, lines }: StepControlsProps) {
  const { ask } = stepper;
  return (
    <>
      <div class="row">
        <SteadyButton
          off={done || running}
          class={done || running ? undefined : "primary"}
          onPress={() => ask({ ask: "line" })}
        >
          Step a line
        </SteadyButton>
        <SteadyButton off={done} onPress={() => ask(running ? { ask: "pause" } : { ask: "run", to: null })}>
          {running ? "Pause" : "Run to the end"}
        </SteadyButton>
        <button type="button" onClick={() => ask({ ask: "restart" })}>
          Start again
        </button>
      </div>
      <ToLine lines={lines} idle={!done && !running} onLine={(to) => ask({ ask: "run", to })} />
    </>
  );
}

interface ToLineProps {
  readonly lines: number;
  readonly idle: boolean;
  readonly onLine: (line: number) => void;
}

/** Out of a loop, say, that would take thousands of steps. */
function ToLine({ lines, idle, onLine }: ToLineProps) {
  const line = useSignal(Number.NaN);
  const inside = Number.isInteger(line.value) && line.value >= 1 && line.value <= lines;
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        if (inside && idle) onLine(line.value);
      }}
    >
      <label class="field small">
        <span class="muted">Line</span>
        <input
          type="number"
          min={1}
          max={lines}
          onInput={(event) => {
            line.value = event.currentTarget.valueAsNumber;
          }}
        />
      </label>
      <button type="submit" aria-disabled={!idle || !inside}>
        Run to it
      </button>
    </form>
  );
}
