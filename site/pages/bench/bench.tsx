// Page "Bench": the engine's kernels and training steps on the visitor's device. `#/bench?auto=1` measures by itself; a program
// finds the result as JSON in `#bench-json`.

import { useEffect } from "preact/hooks";
import type { BenchReport } from "../../engine/protocol.ts";
import { open, opened, progress } from "../../engine/session.ts";
import { route } from "../../frame/route.ts";
import "./bench.css";
import { saveFile } from "../../parts/save_file.ts";
import { ScrollArea } from "../../parts/scroll_area.tsx";
import { BenchTable } from "./bench_table.tsx";
import { Roofline } from "./roofline.tsx";
import { jsonOf, type Measured, measure, measured } from "./state.ts";

export function Bench() {
  const auto = route.value.query.get("auto") === "1";
  useEffect(() => {
    if (!auto) void open();
    else if (measured.value.state === "none") void measure();
  }, [auto]);
  const now = measured.value;
  return (
    <>
      <h1>Bench</h1>
      <p>
        How fast this device runs the engine. Each row is first compared with the processor's result, then
        timed in several rounds: the median of the rounds, and between which times the middle half of them
        lies.
      </p>
      <div class="row">
        <button
          type="button"
          class="primary"
          onClick={measure}
          disabled={opened.value?.ok === false}
          aria-disabled={now.state === "running"}
        >
          {now.state === "none" ? "Measure" : "Measure again"}
        </button>
        {now.report && (
          <button type="button" onClick={() => download(now.report!)}>
            Download as JSON
          </button>
        )}
        <output>{stateText(now)}</output>
      </div>
      {now.fault && (
        <div class="message" role="alert">
          The measurement stopped: {now.fault}
        </div>
      )}
      {now.rows.length > 0 && (
        <div class="bench-results">
          <section class="panel" aria-labelledby="bench-rows">
            <h2 id="bench-rows">Rows</h2>
            <BenchTable rows={now.rows} />
          </section>
          <section class="panel" aria-labelledby="bench-roof">
            <h2 id="bench-roof">Roofline</h2>
            <p class="small muted">
              The line is what this device can give at most: its memory on the slope, its arithmetic on the
              level. Numbers are those of the rows.
            </p>
            <Roofline rows={now.rows} roofs={now.report?.roofs ?? null} />
          </section>
        </div>
      )}
      {now.report && <Json report={now.report} open={auto} />}
    </>
  );
}

function stateText({ state, rows }: Measured): string {
  if (state === "running")
    return `Measuring, ${rows.length} rows so far${progress.value ? "; the run waits" : ""}`;
  return state === "done" ? `${rows.length} rows` : "";
}

function Json({ report, open }: { report: BenchReport; open: boolean }) {
  return (
    <details open={open}>
      <summary>As JSON</summary>
      <ScrollArea label="The report as JSON" class="bench-json">
        <pre id="bench-json">{jsonOf(report)}</pre>
      </ScrollArea>
    </details>
  );
}

const download = (report: BenchReport): void =>
  saveFile("wgrad-bench.json", "application/json", jsonOf(report));
