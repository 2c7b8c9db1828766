// The invocation that wrote the element, run again on the CPU line by line with its variables, in a worker that is loaded when it is
// first asked for.

import { useEffect, useRef } from "preact/hooks";
import type { Inspection, ShaderView } from "../../engine/protocol.ts";
import { SteadyButton } from "../steady_button.tsx";
import { ErrorLine, useTask } from "../task.tsx";
import { CodeView } from "./code_view.tsx";
import { count, exact, short } from "./numbers.ts";
import { StepControls } from "./step_controls.tsx";
import { useStepper } from "./use_stepper.ts";
import { VariablesTable } from "./variables.tsx";

interface StepThroughProps {
  readonly inspection: Inspection;
  readonly view: ShaderView;
}

export function StepThrough({ inspection, view }: StepThroughProps) {
  const { ref, step } = inspection;
  const task = useTask();
  const stepper = useStepper();
  const title = useRef<HTMLHeadingElement>(null);
  const now = stepper.now.value;
  const opened = now !== null;
  useEffect(() => {
    if (opened) title.current?.focus();
  }, [opened]);
  if (!now)
    return (
      <div class="stepper">
        <div class="row">
          <SteadyButton
            off={task.busy || stepper.refused.value !== null}
            onPress={() => task.run(() => stepper.open(ref, view.at))}
          >
            {task.busy ? "Preparing" : "Step through the invocation"}
          </SteadyButton>
        </div>
        {stepper.refused.value && <p class="small muted">{stepper.refused.value}</p>}
        <ErrorLine error={task.error} />
        <CodeView text={view.wgsl} name={view.file} line={null} />
      </div>
    );
  const { invocation: at, state } = now;
  return (
    <div class="stepper">
      <h3 ref={title} tabIndex={-1}>
        Invocation ({at.invocation.join(", ")}) of step {count(step)}
      </h3>
      {at.note && <p class="small muted">{at.note}</p>}
      <StepControls stepper={stepper} state={state} lines={at.view.wgsl.split("\n").length} />
      <ErrorLine error={stepper.fault.value} />
      <p class="small" aria-live={state.running ? "off" : "polite"}>
        {where(state)}, {count(state.steps)} {state.steps === 1 ? "statement" : "statements"} run.{" "}
        <span class="mono">
          {at.output}[{at.element}]
        </span>{" "}
        is {exact(state.output)}; the GPU wrote {exact(at.value)}.
        {state.done && difference(inspection, at.value, state.output)}
      </p>
      <CodeView text={at.view.wgsl} name={at.view.file} line={state.done ? null : state.line} />
      <VariablesTable variables={state.variables} />
    </div>
  );
}

const where = ({ done, running, line }: { done: boolean; running: boolean; line: number }): string =>
  done ? "It has ended" : running ? `Running, line ${line}` : `Line ${line} comes next`;

/** Two orders of one sum round differently: by how much, and how much they may, where the number's rounding is known. */
function difference({ why, back, after }: Inspection, gpu: number, cpu: number): string | null {
  const known = [why, back, after].find((a) => a?.value === gpu);
  if (!known || cpu === gpu) return null;
  return ` They differ by ${short(Math.abs(cpu - gpu))}; rounding allows ${short(2 * known.bound)}.`;
}
