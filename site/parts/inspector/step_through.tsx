// The invocation that wrote the element, run again on the CPU line by line with its variables. The interpreter is loaded when it is
// first asked for.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { call } from "../../engine/client.ts";
import type { Inspection, ShaderView, SteppedInvocation } from "../../engine/protocol.ts";
import { ErrorLine, useTask } from "../task.tsx";
import { CodeView } from "./code_view.tsx";
import { count, exact } from "./numbers.ts";
import type { ShaderStepper } from "./stepper.ts";
import { VariablesTable } from "./variables.tsx";

/** The page stays responsive while the rest is run. */
const SLICE_MS = 12;

interface StepThroughProps {
  readonly inspection: Inspection;
  readonly view: ShaderView;
}

export function StepThrough({ inspection: { ref, step }, view }: StepThroughProps) {
  const task = useTask();
  const stepped = useSignal<SteppedInvocation | null>(null);
  const refused = useSignal<string | null>(null);
  const stepper = useRef<ShaderStepper | null>(null);
  const drawn = useSignal(0);
  const running = useSignal(false);
  const title = useRef<HTMLHeadingElement>(null);

  const begin = () =>
    task.run(async () => {
      const [found, { ShaderStepper: Stepper }] = await Promise.all([
        call("invocation", ref, view.at),
        import("./stepper.ts"),
      ]);
      if (typeof found === "string") {
        refused.value = found;
        return;
      }
      stepper.current = new Stepper(found);
      if (stepper.current.line === 0) stepper.current.stepLine();
      stepped.value = found;
    });
  useEffect(() => {
    if (stepped.value) title.current?.focus();
  }, [stepped.value]);
  useEffect(() => {
    if (!running.value) return;
    const timer = setTimeout(() => {
      const until = performance.now() + SLICE_MS;
      let goes = true;
      while (goes && performance.now() < until) goes = stepper.current!.stepOnce();
      running.value = goes;
      drawn.value++;
    });
    return () => clearTimeout(timer);
  }, [running.value, drawn.value]);

  const now = stepped.value;
  const own = now && stepper.current;
  if (!own)
    return (
      <div class="stepper">
        <div class="row">
          <button type="button" disabled={task.busy || refused.value !== null} onClick={begin}>
            {task.busy ? "Preparing" : "Step through the invocation"}
          </button>
        </div>
        {refused.value && <p class="small muted">{refused.value}</p>}
        <ErrorLine error={task.error} />
        <CodeView text={view.wgsl} name={view.file} line={null} />
      </div>
    );
  return (
    <div class="stepper">
      <h3 ref={title} tabIndex={-1}>
        Invocation ({now.invocation.join(", ")}) of step {count(step)}
      </h3>
      {now.note && <p class="small muted">{now.note}</p>}
      <div class="row">
        <button
          type="button"
          class={own.done || running.value ? undefined : "primary"}
          disabled={own.done || running.value}
          onClick={() => {
            own.stepLine();
            drawn.value++;
          }}
        >
          Step a line
        </button>
        <button
          type="button"
          disabled={own.done}
          onClick={() => {
            running.value = !running.value;
          }}
        >
          {running.value ? "Pause" : "Run to the end"}
        </button>
        <button type="button" disabled={task.busy} onClick={begin}>
          Start again
        </button>
      </div>
      <ErrorLine error={task.error} />
      <p class="small" aria-live="polite">
        {own.done ? "It has ended" : `Line ${own.line} comes next`}, {count(own.steps)} statements run.{" "}
        <span class="mono">
          {now.output}[{now.element}]
        </span>{" "}
        is {exact(own.output)}; the GPU wrote {exact(now.value)}.
      </p>
      <CodeView text={now.view.wgsl} name={now.view.file} line={own.done ? null : own.line} />
      <VariablesTable variables={own.variables} />
    </div>
  );
}
