// Page "Train": a network that learns live, with all of its numbers.

import { useEffect } from "preact/hooks";
import { info, open } from "../../engine/session.ts";
import { DEFAULT_CONFIG, hashOf } from "../../frame/hash.ts";
import { keepConfig } from "../../frame/route.ts";
import { droppedFiles } from "../../parts/folder.ts";
import { Controls } from "./controls.tsx";
import { CurvesPanel } from "./curves_panel.tsx";
import { DrawPanel } from "./draw_panel.tsx";
import { Figures } from "./figures.tsx";
import { JudgePanel } from "./judge_panel.tsx";
import { KernelsPanel } from "./kernels_panel.tsx";
import { Settings } from "./settings.tsx";
import { change, dropped, settings } from "./state.ts";
import { TakeAway } from "./take_away.tsx";
import "./train.css";

/** Files dropped anywhere are taken: a browser would leave the page for them, and the run with it. */
function dropAnywhere(): () => void {
  const over = (event: DragEvent) => event.preventDefault();
  const drop = (event: DragEvent) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (!event.dataTransfer?.types.includes("Files")) return;
    dropped.value = { files: droppedFiles(event.dataTransfer) };
    change({ data: "own" });
  };
  addEventListener("dragover", over);
  addEventListener("drop", drop);
  return () => {
    removeEventListener("dragover", over);
    removeEventListener("drop", drop);
  };
}

export function Train() {
  useEffect(() => {
    void open();
    // A run that is on already, and an address that asks for nothing else: its settings are the ones to show.
    const standard = hashOf("train", settings.value) === hashOf("train", DEFAULT_CONFIG);
    if (info.value && standard) keepConfig(info.value.config);
    return dropAnywhere();
  }, []);
  return (
    <>
      <h1>Train</h1>
      <div class="train">
        <div class="train-main">
          <Controls />
          <CurvesPanel />
          <div class="grid">
            <div class="stack">
              <Figures />
              <JudgePanel />
              <TakeAway />
            </div>
            <div class="stack">
              <DrawPanel />
              <KernelsPanel />
            </div>
          </div>
        </div>
        <Settings />
      </div>
    </>
  );
}
