// The ladder of the convolution kernels on this layer's shape: from the plain one to the fast ones, with times measured on this device.

import { useSignal } from "@preact/signals";
import { call } from "../../engine/client.ts";
import { Fold } from "../../parts/fold.tsx";
import { time } from "../../parts/inspector/numbers.ts";
import { ScrollArea } from "../../parts/scroll_area.tsx";
import { ErrorLine, useTask } from "../../parts/task.tsx";

type Rung = Awaited<ReturnType<typeof call<"ladder">>>[number];

export function Ladder({ layer }: { layer: number }) {
  const task = useTask();
  const rungs = useSignal<readonly Rung[] | null>(null);
  const most = Math.max(1e-9, ...(rungs.value ?? []).map((r) => r.us));
  return (
    <div class="panel">
      <Fold heading={<h3>Ladder of kernels</h3>}>
        <p class="small muted">
          The same convolution by each kernel, measured here and now on this layer's shape. Their shaders are
          real: unfold them.
        </p>
        <button
          type="button"
          aria-disabled={task.busy}
          onClick={() => task.run(async () => void (rungs.value = await call("ladder", layer)))}
        >
          {task.busy ? "Measuring" : rungs.value ? "Measure again" : "Measure"}
        </button>
        <ErrorLine error={task.error} />
        {rungs.value && (
          <ol class="ladder">
            {rungs.value.map(({ name, us, wgsl }) => (
              <li key={name}>
                <div class="rung">
                  <span>{name}</span>
                  <span class="mono">{time(us)}</span>
                </div>
                <div class="bar" style={{ width: `${(100 * us) / most}%` }} aria-hidden="true" />
                <details>
                  <summary class="small">
                    WGSL<span class="visually-hidden"> of {name}</span>
                  </summary>
                  <ScrollArea label={`WGSL of ${name}`}>
                    <pre class="code">{wgsl}</pre>
                  </ScrollArea>
                </details>
              </li>
            ))}
          </ol>
        )}
      </Fold>
    </div>
  );
}
