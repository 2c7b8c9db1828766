// The test pictures: how often each class is taken for which, and the pictures behind a number.

import { useEffect, useState } from "preact/hooks";
import { call } from "../../engine/client.ts";
import type { Confusion, Judged, RunConfig } from "../../engine/protocol.ts";
import { info, progress } from "../../engine/session.ts";
import { hashOf } from "../../frame/hash.ts";
import { type CellRef, ConfusionTable } from "../../parts/confusion.tsx";
import { Fold } from "../../parts/fold.tsx";
import { count } from "../../parts/format.ts";
import { Picture } from "../../parts/picture.tsx";
import { ErrorLine, useTask } from "../../parts/task.tsx";
import { judge } from "./control.ts";
import { confusion, state } from "./state.ts";

interface Cell extends CellRef {
  readonly pictures: readonly Judged[];
}

export function JudgePanel() {
  const task = useTask();
  const [cell, setCell] = useState<Cell | null>(null);
  const matrix = confusion.value;
  const step = progress.value?.step ?? 0;
  useEffect(() => setCell(null), [matrix]);
  useEffect(() => {
    if (state.value === "finished" && confusion.value?.step !== step) task.run(judge);
  }, [state.value]);
  const choose = (ref: CellRef) =>
    task.run(async () => setCell({ ...ref, pictures: await call("cell", ref.label, ref.guess) }));
  return (
    <section class="panel" aria-labelledby="judge-title" aria-busy={task.busy}>
      <Fold heading={<h2 id="judge-title">Test pictures</h2>}>
        <button
          type="button"
          disabled={!info.value}
          aria-disabled={task.busy}
          onClick={() => task.run(judge)}
        >
          Judge the test pictures
        </button>
        <ErrorLine error={task.error} />
        {matrix && (
          <>
            <p class="small" role="status">
              {(100 * matrix.accuracy).toFixed(1)} % right, with the weights of step {count(matrix.step)}
              {matrix.step !== step && `; the run is at step ${count(step)} by now`}.
            </p>
            <p class="small muted">
              Rows: what the picture is. Columns: what the model says. A cell opens its pictures.
            </p>
            <ConfusionTable confusion={matrix} chosen={cell} onChoose={choose} />
          </>
        )}
        {matrix && cell && info.value && (
          <CellPictures cell={cell} matrix={matrix} config={info.value.config} />
        )}
      </Fold>
    </section>
  );
}

const AT_ONCE = 24;

function CellPictures({ cell, matrix, config }: { cell: Cell; matrix: Confusion; config: RunConfig }) {
  const [shown, setShown] = useState(AT_ONCE);
  useEffect(() => setShown(AT_ONCE), [cell]);
  const [label, guess] = [matrix.classes[cell.label], matrix.classes[cell.guess]];
  const title = cell.label === cell.guess ? `${label}, recognised` : `${label}, taken for ${guess}`;
  return (
    <div class="cell">
      <div role="status">
        <h3>
          {title}: {count(cell.pictures.length)}
        </h3>
      </div>
      <ul class="cell-pictures">
        {cell.pictures.slice(0, shown).map((judged) => (
          <li key={judged.index}>
            <a
              href={hashOf("microscope", config, new URLSearchParams({ picture: `test:${judged.index}` }))}
              aria-label={`Test picture ${judged.index}, ${label}, taken for ${guess} with probability ${judged.probability.toFixed(2)}: open in the microscope`}
            >
              <Picture pixels={judged.pixels} size={56} label="" />
              <span class="small mono">{judged.probability.toFixed(2)}</span>
            </a>
          </li>
        ))}
      </ul>
      {cell.pictures.length > shown && (
        <button type="button" onClick={() => setShown(shown + 4 * AT_ONCE)}>
          Show more
        </button>
      )}
      {cell.pictures.length > 0 && (
        <p class="small muted">
          Below each: the model's probability for {guess}. A picture opens in the microscope.
        </p>
      )}
    </div>
  );
}
