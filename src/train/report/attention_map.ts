// Section "Attention": for some sequences a table of what each written token looked at, the darker the more.

import { ShapeError } from "../../gpu/errors.ts";
import { escapeHtml, percent } from "./text.ts";

export interface AttentionMap {
  /** A sentence above the table: what was written, whether it is right. */
  readonly title: string;
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** [target][source or more], shares of one. */
  readonly weights: readonly ArrayLike<number>[];
}

/** Throws ShapeError unless there is a row of weights for each token written, as long as the source or longer. */
export function attentionSection(maps: readonly AttentionMap[], note: string): string {
  if (maps.length === 0) return "";
  return `<section aria-labelledby="attention"><h2 id="attention">Attention</h2>
<p>${escapeHtml(note)}</p>
<div class="columns">${maps.map(figure).join("\n")}</div></section>`;
}

function figure({ title, source, target, weights }: AttentionMap): string {
  if (weights.length !== target.length || weights.some((row) => row.length < source.length)) {
    throw new ShapeError(
      `attentionSection: weights must be [target, source], target [${target.length}], source [${source.length}], weights [${weights.length}, ${weights[0]?.length ?? 0}]`,
    );
  }
  const rows = target.map((token, i) => {
    const cells = source.map((from, j) => {
      const share = weights[i][j];
      const label = escapeHtml(`${token} looks at ${from}: ${percent(share)}`);
      return `<td class="right" style="--s:${Math.round(100 * share)}%" title="${label}">${Math.round(100 * share) || ""}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(token)}</th>${cells.join("")}</tr>`;
  });
  const name = escapeHtml(title);
  return `<figure class="card">
<figcaption>${name}</figcaption>
<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table class="matrix attention">
<caption class="hidden">Percent of attention by written token (rows) and token read (columns)</caption>
<thead><tr><td></td>${source.map((s) => `<th scope="col">${escapeHtml(s)}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>
</figure>`;
}
