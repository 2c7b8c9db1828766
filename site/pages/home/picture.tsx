// The page's picture: a network that learns while it is looked at. One test picture, the first weights as they are now, what they
// make of the picture, and the curve so far.

import { useEffect, useState } from "preact/hooks";
import { call } from "../../engine/client.ts";
import type { LayerMap, LayerMaps, RunState } from "../../engine/protocol.ts";
import { info, opened, points, progress, sentence } from "../../engine/session.ts";
import { linkTo } from "../../frame/route.ts";
import { type Scale, scaleOf } from "../../parts/colours.ts";
import { MapCanvas } from "../../parts/map_canvas.tsx";
import { Curve, fixed, percent } from "./curve.tsx";
import { again, pause, play, runFault, selfTest } from "./state.ts";

const PICTURE = { part: "test", index: 0 } as const;
const EVERY_MS = 500;
/** Where the visitor asks for less motion. */
const CALM_EVERY_MS = 5000;
/** Of the worker's time, so that the run is what it works on. */
const SHARE = 5;
/** Weights of a flat first layer are shown as pictures, so many of them. */
const MOST_UNITS = 16;
const TILE = 84;
const MOST_IN_A_ROW = 8;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

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
  if (!device) return "Loading the engine and asking for a GPU";
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
      {calm.matches && (
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

function Layers({ maps }: { maps: LayerMaps }) {
  const input = maps.layers.find((l) => l.layer === -1);
  const first = maps.layers.find((l) => l.weight);
  const filters = first && filtersOf(first);
  const guess = maps.probabilities.indexOf(Math.max(...maps.probabilities));
  const name = info.value?.classes[guess] ?? String(guess);
  return (
    <>
      {input && (
        <>
          <h3>
            A test picture. The network says: {name}, {percent(maps.probabilities[guess] ?? 0)}
          </h3>
          <MapOf
            map={input}
            count={input.shape[0]!}
            label={`The picture that goes in. The network takes it for ${name}.`}
          />
        </>
      )}
      {first && filters && (
        <>
          <h3>
            First weights ({first.text}), step {maps.step}
          </h3>
          <MapCanvas
            {...filters}
            scale={scaleOf(filters.values)}
            tile={50}
            columns={MOST_IN_A_ROW}
            label={`Weights of ${first.text} after step ${maps.step}.`}
          />
        </>
      )}
      {first?.shape.length === 3 && (
        <>
          <h3>What they make of the picture</h3>
          <MapOf
            map={first}
            count={first.shape[0]!}
            label={`Feature maps of ${first.text} after step ${maps.step}.`}
          />
        </>
      )}
    </>
  );
}

function MapOf({ map, count, label }: { map: LayerMap; count: number; label: string }) {
  const [, height = 1, width = 1] = map.shape;
  const scale = map.layer < 0 ? greyOf(map.values) : scaleOf(map.values);
  return (
    <MapCanvas
      values={map.values}
      maps={count}
      height={height}
      width={width}
      label={label}
      scale={scale}
      tile={TILE}
      columns={count > MOST_IN_A_ROW / 2 ? MOST_IN_A_ROW : undefined}
    />
  );
}

/** The picture as it is, whatever it was standardised to. */
function greyOf(values: Float32Array): Scale {
  return { low: Math.min(...values), high: Math.max(...values), table: "grey" };
}

/** [o, c, k, k]: the first channel of each filter. [o, side * side]: weights as pictures. Else null. */
export function filtersOf({
  weight,
}: LayerMap): { values: Float32Array; maps: number; height: number; width: number } | null {
  const [o = 0, c = 0, height, width] = weight!.shape;
  if (height !== undefined && width !== undefined) {
    const size = height * width;
    const values = new Float32Array(o * size);
    for (let i = 0; i < o; i++)
      values.set(weight!.values.subarray(i * c * size, i * c * size + size), i * size);
    return { values, maps: o, height, width };
  }
  const side = Math.sqrt(c);
  const maps = Math.min(o, MOST_UNITS);
  return Number.isInteger(side) && side > 3
    ? { values: weight!.values.subarray(0, maps * c), maps, height: side, width: side }
    : null;
}

/** The layers as they are now, about twice a second while the run goes on and the page is seen. */
function useMaps(): LayerMaps | null {
  const [maps, setMaps] = useState<LayerMaps | null>(null);
  const ready = info.value !== null;
  useEffect(() => {
    if (!ready) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let shown = -1;
    let gone = false;
    const look = async () => {
      const began = performance.now();
      const { step = 0 } = progress.value ?? {};
      try {
        if (!document.hidden && step !== shown) {
          const fresh = await call("maps", PICTURE);
          shown = fresh.step;
          if (!gone) setMaps(fresh);
        }
      } catch (error) {
        if (progress.value?.state !== "recovering") runFault.value = sentence(error);
      }
      const wait = Math.max(calm.matches ? CALM_EVERY_MS : EVERY_MS, SHARE * (performance.now() - began));
      if (!gone) timer = setTimeout(look, wait);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [ready]);
  return maps;
}
