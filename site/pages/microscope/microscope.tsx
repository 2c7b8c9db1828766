// The CNN microscope: every layer of the run that is on, for one picture, while it trains.

import { useEffect } from "preact/hooks";
import { attempt, fault, info, open, opened, progress, start } from "../../engine/session.ts";
import { route } from "../../frame/route.ts";
import { InspectorHost } from "../../parts/inspector/host.tsx";
import { RunControls } from "../../parts/run_controls.tsx";
import { Details } from "./details.tsx";
import { InputPanel } from "./input_panel.tsx";
import { LayerList } from "./layer_list.tsx";
import { PictureChooser } from "./picture_chooser.tsx";
import { pictureOf } from "./picture_query.ts";
import { Scrubber } from "./scrubber.tsx";
import {
  chosen,
  cursor,
  drawn,
  failed,
  idle,
  past,
  picture,
  refresh,
  shapes,
  shown,
  stored,
} from "./state.ts";
import "./microscope.css";

/** Between two looks at a run that goes on. */
const REFRESH_MS = 500;

export function Microscope() {
  useRun();
  useMaps();
  return (
    <>
      <h1>Microscope</h1>
      <p>
        What each layer makes of one picture, with the weights of this moment. Move over a map by pointer or
        arrow keys; <kbd>Enter</kbd> opens the number in the Inspector.
      </p>
      {opened.value?.ok !== false && (
        <>
          <div class="panel controls">
            <RunControls />
            <PictureChooser />
            <Scrubber />
          </div>
          {failed.value && (
            <div class="message" role="alert">
              The maps could not be computed: {failed.value}{" "}
              <button type="button" onClick={() => void refresh()}>
                Try again
              </button>
            </div>
          )}
          {shown.value ? (
            <div class="microscope">
              <InputPanel />
              <LayerList />
              <Details />
            </div>
          ) : (
            !failed.value && !fault.value && <p aria-busy="true">Waiting for the first maps</p>
          )}
        </>
      )}
      <InspectorHost />
    </>
  );
}

/** The run that is on, or a new one from the address. */
function useRun(): void {
  const address = route.value.query.get("picture");
  useEffect(() => {
    drawn.value = null;
    stored.value = pictureOf(address);
  }, [address]);
  useEffect(() => {
    void attempt(async () => {
      const answer = await open();
      if (answer.ok && !info.peek()) await start(route.peek().config);
    });
  }, []);
}

/** New maps when the run, the picture or the step that is looked at changes, and twice a second while the run goes on. */
function useMaps(): void {
  const run = info.value;
  const running = progress.value?.state === "running";
  const step = running ? 0 : (progress.value?.step ?? 0);
  useEffect(() => {
    shown.value = null;
    past.value = null;
    chosen.value = 0;
    const [, h = 1, w = 1] = shapes.peek()[1]?.length === 3 ? shapes.peek()[1] : [];
    cursor.value = { layer: 0, cell: { map: 0, y: h >> 1, x: w >> 1 } };
  }, [run]);
  useEffect(() => {
    if (run) void refresh();
  }, [run, step, picture.value, past.value]);
  useEffect(() => {
    if (!run || !running || past.value !== null) return;
    const timer = setInterval(() => {
      if (!document.hidden && idle()) void refresh();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [run, running, past.value]);
}
