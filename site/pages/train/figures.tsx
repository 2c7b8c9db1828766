// The run in numbers.

import type { Progress, RunInfo } from "../../engine/protocol.ts";
import { info, points, progress } from "../../engine/session.ts";
import { Fold } from "../../parts/fold.tsx";
import { bytes, count, duration, short } from "../../parts/format.ts";
import { state } from "./state.ts";

export function Figures() {
  const run = info.value;
  return (
    <section class="panel" aria-labelledby="figures-title">
      <Fold heading={<h2 id="figures-title">The run</h2>}>
        {run ? <FigureList run={run} now={progress.value} /> : <p class="muted">No run yet: press "Run".</p>}
      </Fold>
    </section>
  );
}

function FigureList({ run, now }: { run: RunInfo; now: Progress | null }) {
  const step = now?.step ?? 0;
  const epoch = Math.min(run.config.epochs, Math.floor(step / run.stepsPerEpoch) + 1);
  const rate = points.value.at(-1)?.lr ?? run.config.lr;
  const rows: readonly (readonly [string, string])[] = [
    ["State", state.value],
    ["Step", `${count(step)} of ${count(run.totalSteps)}`],
    ["Epoch", `${epoch} of ${run.config.epochs}`],
    ["Images/s", now && now.imagesPerSecond > 0 ? count(now.imagesPerSecond) : "-"],
    ["Time left", now?.eta != null ? duration(now.eta) : "-"],
    ["Learning rate", short(rate)],
    ["GPU memory", now ? bytes(now.gpuBytes) : "-"],
    ["Dispatches a step", count(now?.dispatches || run.dispatches)],
    ["Submits a step", now ? short(now.submits) : "-"],
    ["Parameters", count(run.parameters)],
    [
      "Pictures",
      `${count(run.counts.train)} train, ${count(run.counts.validation)} validation, ${count(run.counts.test)} test`,
    ],
  ];
  return (
    <dl class="figures">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
