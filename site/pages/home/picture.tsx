// The page's picture: a network that learns while it is looked at. One test picture, the first weights as they are now, what they
// make of the picture, and the curve so far.

import type { RunState } from "../../engine/protocol.ts";
import { info, opened, points, progress } from "../../engine/session.ts";
import { linkTo } from "../../frame/route.ts";
import { reducedMotion } from "../../parts/motion.ts";
import { Curve, fixed, percent } from "./curve.tsx";
import { Layers } from "./layers.tsx";
import { again, pause, play, runFault, selfTest } from "./state.ts";
import { useMaps } from "./use_maps.ts";

export function Picture() {
  const maps = useMaps();
  const run = progress.value;
  const last = points.value.at(-1);
  const state = opened.value;
  if (state && !state.ok) return null;
  return (
    <section class="panel" aria-labelledby="home-live">
      <h2 id="home-live">{titleOf(run?.state)}</h2>
      {runFault.value && (
        <div class="message" role="alert">
          {runFault.value}
        </div>
      )}
      {!info.value ? (
        <p aria-busy="true">{waitingFor(state !== null)}</p>
      ) : (
        <div class="home-picture">
          <div class="home-layers">
            {maps ? <Layers maps={maps} /> : <p aria-busy="true">Reading the layers</p>}
          </div>
          <div>
            <dl class="home-figures">
              <Figure name="step" value={run ? `${run.step} / ${info.value.totalSteps}` : "0"} />
              <Figure name="loss" value={last ? fixed(last.loss) : "-"} />
              <Figure name="accuracy" value={last ? percent(last.accuracy) : "-"} />
            </dl>
            <Curve points={points.value} steps={info.value.totalSteps} />
            <Controls state={run?.state ?? "paused"} />
          </div>
        </div>
      )}
      <p class="links">
        <a href={linkTo("microscope")}>Open every number</a>
        <a href={linkTo("train")}>Change the network and its training</a>
      </p>
    </section>
  );
}

function titleOf(state: RunState | undefined): string {
  if (state === "finished") return "This network has learned";
  return state === "paused" || state === "failed" ? "A network that learns" : "This network is learning now";
}

function waitingFor(device: boolean): string {
  if (!device) return "Loading the recorded network and asking for a GPU";
  return selfTest.value.running
    ? "The self-test runs first"
    : "Building the network and compiling its shaders";
}

function Controls({ state }: { state: string }) {
  const [text, act] =
    state === "running" || state === "recovering"
      ? (["Pause", pause] as const)
      : state === "finished" || state === "failed"
        ? (["Train again", again] as const)
        : (["Go on", play] as const);
  return (
    <div class="row">
      <button type="button" onClick={act} disabled={state === "recovering"}>
        {text}
      </button>
      <span class="small muted">{progress.value?.message ?? (state === "running" ? speed() : "")}</span>
      {reducedMotion() && (
        <p class="small muted">
          Training goes on by itself; the layers are redrawn every five seconds, since your system asks for
          less motion.
        </p>
      )}
    </div>
  );
}

const speed = () => `${Math.round(progress.value?.imagesPerSecond ?? 0).toLocaleString("en")} images/s`;

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
