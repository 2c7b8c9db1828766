// The report, to read and to copy.

import { useRef, useState } from "preact/hooks";
import { info, opened, points, progress } from "../../engine/session.ts";
import { reportText } from "./report_text.ts";
import { selfTest } from "./state.ts";

export function Report() {
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const write = () => {
    const fresh = present();
    setText(fresh);
    setSaid("");
    return fresh;
  };
  const copy = async () => {
    const fresh = write();
    try {
      await navigator.clipboard.writeText(fresh);
      setSaid("Copied");
    } catch {
      field.current?.select(); // the clipboard may be forbidden
      setSaid("The browser does not let pages copy: the text is marked, copy it by Ctrl+C");
    }
  };
  return (
    <section class="panel" aria-labelledby="home-report">
      <h2 id="home-report">Report</h2>
      <p>
        Browser, device, limits and self-test as text, for a question or a bug report. It is sent nowhere.
      </p>
      <div class="row">
        <button type="button" onClick={copy}>
          Copy the report
        </button>
        <button type="button" onClick={write}>
          Show it as of now
        </button>
        <output>{said}</output>
      </div>
      <textarea class="home-report" ref={field} readOnly aria-label="Report" value={text ?? present()} />
    </section>
  );
}

function present(): string {
  const { rows, fault } = selfTest.value;
  const now = info.peek();
  return reportText({
    when: new Date(),
    userAgent: navigator.userAgent,
    cores: navigator.hardwareConcurrency,
    secure: isSecureContext,
    opened: opened.value, // the text follows the device; the run would change it ten times a second
    rows,
    fault,
    run: now && {
      config: now.config,
      last: points.peek().at(-1),
      imagesPerSecond: progress.peek()?.imagesPerSecond ?? 0,
    },
  });
}
