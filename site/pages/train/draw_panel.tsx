// Draw a digit and watch what the model of now says to it, while it trains.

import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../../engine/client.ts";
import { info, progress, sentence } from "../../engine/session.ts";
import { DrawPad } from "../../parts/draw_pad.tsx";
import { Fold } from "../../parts/fold.tsx";
import { centred } from "../../parts/ink.ts";
import { ErrorLine } from "../../parts/task.tsx";
import { drawing } from "./state.ts";

/** Between two questions to the model: while drawing, and while it learns. */
const ASK_MS = 125;
const LEARNED_MS = 1000;

export function DrawPanel() {
  const [said, setSaid] = useState<readonly number[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const asking = useRef({ busy: false, again: false, at: 0 });
  const run = info.value;
  const pixels = drawing.value;
  const empty = pixels.every((v) => v === 0);

  const ask = async () => {
    const now = asking.current;
    if (now.busy) {
      now.again = true;
      return;
    }
    now.busy = true;
    now.at = performance.now();
    try {
      const mnist = info.peek()?.config.data === "mnist";
      setSaid(await call("predict", mnist ? centred(drawing.peek()) : drawing.peek()));
      setError(null);
    } catch (reason) {
      setError(sentence(reason));
    }
    setTimeout(() => {
      now.busy = false;
      if (now.again) {
        now.again = false;
        void ask();
      }
    }, ASK_MS);
  };
  useEffect(() => {
    if (!run || empty) setSaid(null);
    else void ask();
  }, [pixels, run]);
  useEffect(() => {
    if (run && !empty && !document.hidden && performance.now() - asking.current.at > LEARNED_MS) void ask();
  }, [progress.value?.step]);

  return (
    <section class="panel" aria-labelledby="draw-title">
      <Fold heading={<h2 id="draw-title">Draw {run?.config.data === "own" ? "a picture" : "a digit"}</h2>}>
        <div class="draw">
          <div>
            <DrawPad pixels={pixels} onDraw={(next) => (drawing.value = next)} />
            <p class="small muted">
              With the keyboard: arrow keys move the pen, space puts it down and lifts it.
            </p>
            <button type="button" disabled={empty} onClick={() => (drawing.value = new Uint8Array(28 * 28))}>
              Clear
            </button>
          </div>
          <div class="draw-said">
            {run ? (
              <Bars classes={run.classes} said={empty ? null : said} />
            ) : (
              <p class="muted small">There is no model yet: start a run, it answers from step 0 on.</p>
            )}
            <ErrorLine error={error} />
          </div>
        </div>
      </Fold>
    </section>
  );
}

function Bars({ classes, said }: { classes: readonly string[]; said: readonly number[] | null }) {
  const best = said ? said.indexOf(Math.max(...said)) : -1;
  return (
    <>
      <p class="small" aria-live="polite">
        {best >= 0 ? `Looks like ${classes[best]}.` : "Nothing drawn yet."}
      </p>
      <ul class="said">
        {classes.map((name, i) => (
          <li key={name} class={i === best ? "said-best" : ""}>
            <span class="said-name small">{name}</span>
            <span class="said-track" aria-hidden="true">
              <span class="said-bar" style={{ width: `${100 * (said?.[i] ?? 0)}%` }} />
            </span>
            <span class="mono">{said ? said[i]!.toFixed(2) : "-"}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
