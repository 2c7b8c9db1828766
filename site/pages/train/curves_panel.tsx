// Loss and accuracy of the run and of those before it, and the same in words.

import { useEffect, useMemo, useState } from "preact/hooks";
import { layersText } from "../../engine/layers.ts";
import type { CurvePoint, ValidationPoint } from "../../engine/protocol.ts";
import { info, type PastRun, past, points, progress, validation } from "../../engine/session.ts";
import { keepConfig } from "../../frame/route.ts";
import { type Curve, Curves } from "../../parts/curves.tsx";
import { count, short } from "../../parts/format.ts";
import { ScrollArea } from "../../parts/scroll_area.tsx";
import { numbers, TableHead } from "../../parts/table_head.tsx";

type Metric = "loss" | "accuracy";
const PAST_COLOURS = ["--series-3", "--series-4", "--series-5"];

function curvesOf(
  metric: Metric,
  train: readonly CurvePoint[],
  held: readonly ValidationPoint[],
  before: readonly PastRun[],
): Curve[] {
  const pick = (list: readonly { step: number; loss: number; accuracy: number }[]) =>
    list.map((p) => ({ step: p.step, value: p[metric] }));
  const line = { dashed: false, dots: false };
  const dash = { dashed: true, dots: true };
  return [
    ...before.flatMap((run, i): Curve[] => {
      const colour = PAST_COLOURS[i % PAST_COLOURS.length]!;
      return [
        { name: run.name, points: pick(run.points), colour, width: 1, ...line },
        {
          name: `${run.name} validation`,
          points: pick(run.validation),
          colour,
          width: 1,
          unlisted: true,
          ...dash,
        },
      ];
    }),
    { name: "train", points: pick(train), colour: "--series-1", width: 2, ...line },
    { name: "validation", points: pick(held), colour: "--series-2", width: 2, ...dash },
  ];
}

export function CurvesPanel() {
  const [train, held, before] = [points.value, validation.value, past.value];
  const loss = useMemo(() => curvesOf("loss", train, held, before), [train, held, before]);
  const accuracy = useMemo(() => curvesOf("accuracy", train, held, before), [train, held, before]);
  return (
    <section class="panel" aria-labelledby="curves-title">
      <h2 id="curves-title">Curves</h2>
      <div class="grid">
        <Curves title="Loss" summary={summary("Loss", "loss", train, held)} curves={loss} />
        <Curves
          title="Accuracy"
          summary={summary("Accuracy", "accuracy", train, held)}
          curves={accuracy}
          range={[0, 1]}
        />
      </div>
      <LiveText />
      <ValidationTable held={held} />
      <PastRuns before={before} />
    </section>
  );
}

function summary(
  name: string,
  metric: Metric,
  train: readonly CurvePoint[],
  held: readonly ValidationPoint[],
): string {
  const [first, last] = [train[0], train.at(-1)];
  if (!first || !last) return `${name} by step: no point yet`;
  const seen = held.at(-1);
  const validated = seen ? `; validation ${short(seen[metric])} at step ${seen.step}` : "";
  return `${name} by step: train from ${short(first[metric])} at step ${first.step} to ${short(last[metric])} at step ${last.step}${validated}`;
}

/** Said aloud by screen readers, so at most every 5 s. */
const SAY_MS = 5000;

function LiveText() {
  const [text, setText] = useState(sayNow);
  useEffect(() => {
    const timer = setInterval(() => setText(sayNow()), SAY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="small" aria-live="polite" data-summary>
      {text}
    </p>
  );
}

function sayNow(): string {
  const [point, seen, run] = [points.peek().at(-1), validation.peek().at(-1), progress.peek()];
  if (!point) return info.peek() ? "Step 0: nothing learned yet." : "No run yet.";
  const validated = seen
    ? `, validation loss ${short(seen.loss)}, validation accuracy ${short(seen.accuracy)}`
    : "";
  return `Step ${count(run?.step ?? point.step)}, loss ${short(point.loss)}, accuracy ${short(point.accuracy)}${validated}.`;
}

function ValidationTable({ held }: { held: readonly ValidationPoint[] }) {
  if (held.length === 0) return null;
  return (
    <details class="small">
      <summary>Validation as a table</summary>
      <ScrollArea label="Validation by step">
        <table>
          <TableHead columns={numbers("step", "loss", "accuracy")} />
          <tbody>
            {held.map((p) => (
              <tr key={p.step}>
                <td class="number">{count(p.step)}</td>
                <td class="number">{p.loss.toFixed(4)}</td>
                <td class="number">{p.accuracy.toFixed(4)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea>
    </details>
  );
}

function PastRuns({ before }: { before: readonly PastRun[] }) {
  if (before.length === 0) return null;
  return (
    <details class="small">
      <summary>Earlier runs ({before.length})</summary>
      <ul class="train-past">
        {before.map((run, i) => (
          <li key={`${i} ${run.name}`}>
            {run.name}: {run.config.optimizer}, rate {run.config.lr}, {run.config.schedule}, batch{" "}
            {run.config.batch}, seed {run.config.seed};{" "}
            <span class="mono">{layersText(run.config.layers)}</span>{" "}
            <button type="button" onClick={() => keepConfig(run.config)}>
              Take its settings
            </button>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => (past.value = [])}>
        Forget earlier runs
      </button>
    </details>
  );
}
