// Section "Samples": what a language model wrote, each behind the text that it was given.

import { escapeHtml } from "./text.ts";

export interface Sample {
  /** How it was written: "temperature 0.5". */
  readonly title: string;
  readonly prompt: string;
  readonly text: string;
}

export function samplesSection(samples: readonly Sample[], note: string): string {
  if (samples.length === 0) return "";
  const figures = samples.map(
    ({ title, prompt, text }) => `<figure class="card">
<figcaption><h3>${escapeHtml(title)}</h3></figcaption>
<p style="white-space:pre-wrap;margin-top:8px">${escapeHtml(prompt)}<span style="color:var(--ink)">${escapeHtml(text)}</span></p>
</figure>`,
  );
  return `<section aria-labelledby="samples"><h2 id="samples">Samples</h2>
<p>${escapeHtml(note)}</p>
<div class="columns">${figures.join("\n")}</div></section>`;
}
