// GPU milliseconds of a step by kernel. Measured when asked for and with the first pause of a run: measuring costs time itself.

import { useEffect } from "preact/hooks";
import { info, progress } from "../../engine/session.ts";
import { Fold } from "../../parts/fold.tsx";
import { count } from "../../parts/format.ts";
import { StackedBars } from "../../parts/stacked_bars.tsx";
import { ErrorLine, useTask } from "../../parts/task.tsx";
import { measure } from "./control.ts";
import { kernels, state } from "./state.ts";

export function KernelsPanel() {
  const task = useTask();
  const resting = state.value === "paused" || state.value === "finished";
  const begun = (progress.value?.step ?? 0) > 0;
  useEffect(() => {
    if (resting && begun && !kernels.value) task.run(measure);
  }, [resting, begun, info.value]);
  const times = kernels.value;
  return (
    <section class="panel" aria-labelledby="kernels-title" aria-busy={task.busy}>
      <Fold heading={<h2 id="kernels-title">Time of a step on the GPU</h2>}>
        <button
          type="button"
          disabled={!info.value}
          aria-disabled={task.busy}
          onClick={() => task.run(measure)}
        >
          {task.busy ? "Measuring" : "Measure kernels"}
        </button>
        <ErrorLine error={task.error} />
        {times && times.length === 0 && (
          <p class="small">This device gives no times: it lacks the feature "timestamp-query".</p>
        )}
        {times && times.length > 0 && (
          <StackedBars
            caption="GPU time of a step by kernel"
            unit="ms"
            heads={["calls"]}
            parts={times.map((t) => ({ name: t.kernel, value: t.ms, cells: [count(t.dispatches)] }))}
          />
        )}
      </Fold>
    </section>
  );
}
