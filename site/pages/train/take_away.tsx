// What can be taken along: the weights as safetensors, and the run as a link.

import { useState } from "preact/hooks";
import { call } from "../../engine/client.ts";
import { info, progress } from "../../engine/session.ts";
import { hashOf } from "../../frame/hash.ts";
import { Fold } from "../../parts/fold.tsx";
import { saveFile } from "../../parts/save_file.ts";
import { ErrorLine, useTask } from "../../parts/task.tsx";

async function download(): Promise<void> {
  const bytes = (await call("weights")) as Uint8Array<ArrayBuffer>;
  const name = `wgrad-step-${progress.value?.step ?? 0}.safetensors`;
  saveFile(name, "application/octet-stream", bytes);
}

export function TakeAway() {
  const task = useTask();
  const [copied, setCopied] = useState<string | null>(null);
  const [byHand, setByHand] = useState(false);
  const run = info.value;
  const link = run && location.href.replace(/#.*$/, "") + hashOf("train", run.config);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link!);
      setCopied("Copied.");
    } catch {
      setByHand(true); // the browser forbids it: then the link to copy by hand
    }
  };
  return (
    <section class="panel" aria-labelledby="take-title">
      <Fold heading={<h2 id="take-title">Take it along</h2>}>
        <div class="row">
          <button type="button" disabled={!run} aria-disabled={task.busy} onClick={() => task.run(download)}>
            Download the weights
          </button>
          <button type="button" disabled={!run} onClick={() => void copy()}>
            Copy the link of this run
          </button>
          <span role="status" class="small">
            {copied}
          </span>
        </div>
        {byHand && link && (
          <div class="field">
            <label for="take-link">Link of this run</label>
            <input id="take-link" readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
          </div>
        )}
        <ErrorLine error={task.error} />
        <p class="small muted">
          The link holds the settings and the seed: on the same device it gives the same curve. It holds no
          own pictures and no rate changed under way. Weights are a safetensors file, for this site, Python or
          any other reader.
        </p>
      </Fold>
    </section>
  );
}
