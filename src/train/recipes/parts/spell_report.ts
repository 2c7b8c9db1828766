// The page of `spell`: error rates, what was looked at, and words read wrongly.

import { PHONEMES, type Pronunciation } from "../../../data/sets/cmudict.ts";
import type { Translation } from "../../../models/seq2seq.ts";
import { type ErrorRates, editDistance } from "../../metrics/edit_distance.ts";
import { type AttentionMap, attentionSection } from "../../report/attention_map.ts";
import { count, escapeHtml, percent } from "../../report/text.ts";
import type { Finish } from "../runner/run.ts";

/** Words whose attention is drawn, and mistakes listed. */
const MAPS = 8;
const MISTAKES = 24;

/** A word with what the model made of it. */
export interface ReadWord extends Pronunciation {
  readonly written: readonly number[];
  readonly weights: Translation["weights"];
}

export function spellReport(
  own: ErrorRates,
  trivial: ErrorRates,
  found: readonly ReadWord[],
): Finish["report"] {
  const row = ({ tokens, sequences }: ErrorRates) => ({
    "phoneme error rate": tokens,
    "words with an error": sequences,
  });
  return {
    title: "Spelling to phonemes",
    summary: `${percent(own.tokens)} phoneme errors on ${count(found.length)} words of the CMU dictionary that were held out: the fewest insertions, deletions and substitutions that mend what was written, by the phonemes that the dictionary has. Stress and further pronunciations are left out; inflected forms of a held-out word may have been seen.`,
    tiles: [
      { label: "phoneme error rate", value: percent(own.tokens), main: true },
      { label: "words without an error", value: percent(1 - own.sequences) },
    ],
    comparison: [
      { name: "this run", values: row(own) },
      { name: "each letter its most frequent phonemes", values: row(trivial) },
    ],
    sections: [attentionSection(maps(found), ATTENTION_NOTE), mistakesSection(found)],
  };
}

const ATTENTION_NOTE =
  "Held-out words of eight letters or more. Each phoneme, a row, was written after looking at the letters, columns; numbers are percent of attention.";

/** Long words, right and wrong, as they come. */
function maps(found: readonly ReadWord[]): AttentionMap[] {
  return found
    .filter(({ word, written }) => word.length >= 8 && word.length <= 12 && written.length > 0)
    .slice(0, MAPS)
    .map(({ word, phonemes, written, weights }) => {
      const right =
        editDistance(written, phonemes) === 0 ? ", right" : `, in the dictionary ${names(phonemes)}`;
      return {
        title: `${word}: ${names(written)}${right}`,
        source: [...word],
        target: written.map(name),
        weights,
      };
    });
}

function name(phoneme: number): string {
  return PHONEMES[phoneme] ?? "–";
}

function names(phonemes: readonly number[]): string {
  return phonemes.map(name).join(" ");
}

/** Section "Words read wrongly", as they come. */
function mistakesSection(found: readonly ReadWord[]): string {
  const wrong = found.filter(({ written, phonemes }) => editDistance(written, phonemes) > 0);
  if (wrong.length === 0) return "";
  const rows = wrong
    .slice(0, MISTAKES)
    .map(
      ({ word, written, phonemes }) =>
        `<tr><th scope="row">${escapeHtml(word)}</th><td>${escapeHtml(names(written))}</td><td>${escapeHtml(names(phonemes))}</td><td>${editDistance(written, phonemes)}</td></tr>`,
    );
  return `<section aria-labelledby="wrong"><h2 id="wrong">Words read wrongly</h2>
<p>The first ${rows.length} of ${count(wrong.length)}. Many are names, of which even people would have to be told.</p>
<div class="card scroll" role="region" aria-label="Words read wrongly" tabindex="0"><table class="numbers">
<thead><tr><th scope="col">word</th><th scope="col">written</th><th scope="col">in the dictionary</th><th scope="col">errors</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div></section>`;
}
