// The result and the page of `bert`: accuracy beside bags of words, what few labels come to, the mails judged most wrongly.

import type { Mail, MailCorpus } from "../../../data/sets/spam_assassin.ts";
import { FIRST_WORD } from "../../../data/text/word_vocabulary.ts";
import { type Bag, bagsOf, signAccuracy } from "../../baselines/bag_of_words.ts";
import { BagRegression } from "../../baselines/bag_regression.ts";
import { NaiveBayes } from "../../baselines/naive_bayes.ts";
import { wilson } from "../../report/confusion.ts";
import { count, escapeHtml, number, percent } from "../../report/text.ts";
import type { BertConfig } from "../bert.ts";
import type { Finish } from "../runner/run.ts";

/** What a classifier made of the held-out mails: plain JSON. */
export interface Judged {
  readonly accuracy: number;
  /** log p(spam) - log p(ham) of each. */
  readonly margins: readonly number[];
  readonly steps: number;
}

interface Accuracies {
  readonly naiveBayes: number;
  readonly regression: number;
}

export interface MailBaselines {
  /** On as many words of a mail as the network reads. */
  readonly seen: Accuracies;
  /** On all words of a mail. */
  readonly whole: Accuracies;
  /** The former with few labels, means over the draws. */
  readonly few: Accuracies;
}

/** Bags of words on the same split, the same vocabulary, and the same few labels. */
export async function mailBaselines(
  mails: {
    readonly train: readonly Int32Array[];
    readonly test: readonly Int32Array[];
    readonly corpus: MailCorpus;
  },
  vocab: number,
  words: number,
  draws: readonly Int32Array[],
): Promise<MailBaselines> {
  const labels = mails.corpus.train.map((m) => Number(m.spam));
  const truths = mails.corpus.test.map((m) => Number(m.spam));
  const judge = async (
    train: readonly Bag[],
    y: readonly number[],
    test: readonly Bag[],
  ): Promise<Accuracies> => ({
    naiveBayes: signAccuracy(NaiveBayes.fit(train, y, vocab).scores(test), truths),
    regression: signAccuracy((await BagRegression.fit(train, y, vocab)).scores(test), truths),
  });
  const cut = (ids: readonly Int32Array[]) => ids.map((text) => text.subarray(0, words));
  const [seen, held] = [mails.train, mails.test].map((ids) => bagsOf(cut(ids), FIRST_WORD)) as [Bag[], Bag[]];
  const few: Accuracies[] = [];
  for (const places of draws) {
    const own = Array.from(places);
    few.push(
      await judge(
        own.map((i) => seen[i]!),
        own.map((i) => labels[i]!),
        held,
      ),
    );
  }
  return {
    seen: await judge(seen, labels, held),
    whole: await judge(bagsOf(mails.train, FIRST_WORD), labels, bagsOf(mails.test, FIRST_WORD)),
    few: { naiveBayes: mean(few.map((f) => f.naiveBayes)), regression: mean(few.map((f) => f.regression)) },
  };
}

export interface BertFound extends MailCorpus {
  readonly config: BertConfig;
  readonly pretraining: { readonly nats: number; readonly unigramNats: number };
  readonly full: Judged;
  readonly drawn: readonly { readonly pretrained: Judged; readonly scratch: Judged }[];
  readonly baselines: MailBaselines;
}

export function bertResult(found: BertFound): Finish {
  const { config, train, test, full, drawn, baselines, pretraining, duplicates, empty } = found;
  const accuracy300 = mean(drawn.map((d) => d.pretrained.accuracy));
  const accuracy300Scratch = mean(drawn.map((d) => d.scratch.accuracy));
  const majority = 1 - test.filter((m) => m.spam).length / test.length;
  const [low, high] = wilson(Math.round(full.accuracy * test.length), test.length);
  const all = "all labels";
  const few = `${config.few} labels, mean of ${config.draws}`;
  const row = (name: string, a: number, b?: number) => ({
    name,
    values: { [all]: a, ...(b === undefined ? {} : { [few]: b }) },
  });
  const { seen, whole } = baselines;
  return {
    metrics: { accuracy: full.accuracy, accuracy300, accuracy300Scratch, maskedNats: pretraining.nats },
    baseline: {
      accuracy: seen.regression,
      accuracy300: baselines.few.regression,
      naiveBayes: seen.naiveBayes,
      naiveBayes300: baselines.few.naiveBayes,
      wholeMailRegression: whole.regression,
      majority,
      maskedNats: pretraining.unigramNats,
    },
    report: {
      title: "A small BERT reads mail",
      summary: `${percent(full.accuracy)} of ${count(test.length)} held-out mails told right as spam or not, from their first ${config.length - 1} words without headers and quotes. With ${config.few} labels: ${percent(accuracy300)} after pretraining on the text of ${count(train.length)} mails, ${percent(accuracy300Scratch)} without (means of ${config.draws} draws). Bags of words are strong here: with all words of a mail logistic regression reaches ${percent(whole.regression)}.`,
      tiles: [
        {
          label: `accuracy (95 % interval ${percent(low)} to ${percent(high)})`,
          value: percent(full.accuracy, 2),
          main: true,
        },
        { label: `with ${config.few} labels, pretrained`, value: percent(accuracy300) },
        { label: `with ${config.few} labels, from scratch`, value: percent(accuracy300Scratch) },
        {
          label: `nats a hidden word (${number(pretraining.unigramNats, 3)} by frequency)`,
          value: number(pretraining.nats, 3),
        },
      ],
      comparison: [
        row("this run, pretrained", full.accuracy, accuracy300),
        { name: "the same network from scratch", values: { [few]: accuracy300Scratch } },
        row("logistic regression on bags of the same words", seen.regression, baselines.few.regression),
        row("naive Bayes on bags of the same words", seen.naiveBayes, baselines.few.naiveBayes),
        row("logistic regression, all words of a mail", whole.regression),
        row("naive Bayes, all words of a mail", whole.naiveBayes),
        row("never spam", majority, majority),
      ],
      sections: [
        drawsSection(found),
        confusionSection(found),
        mistakesSection(found),
        `<p>Left out of the corpus: ${count(duplicates)} mails whose words were there before, ${count(empty)} with hardly any.</p>`,
      ],
    },
  };
}

function drawsSection({ drawn, config }: BertFound): string {
  const rows = drawn.map(
    ({ pretrained, scratch }, k) =>
      `<tr><th scope="row">${k + 1}</th><td>${percent(pretrained.accuracy)}</td><td>${percent(scratch.accuracy)}</td></tr>`,
  );
  return `<section aria-labelledby="few"><h2 id="few">With ${config.few} labels</h2>
<p>Each draw takes other mails. Both networks learn from the same ones, for equally many steps.</p>
<div class="card scroll" role="region" aria-label="Draws" tabindex="0"><table class="numbers">
<thead><tr><th scope="col">draw</th><th scope="col">pretrained</th><th scope="col">from scratch</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div></section>`;
}

function confusionSection({ test, full }: BertFound): string {
  const cell = (spam: boolean, called: boolean) =>
    count(test.filter((m, i) => m.spam === spam && full.margins[i]! > 0 === called).length);
  const row = (name: string, spam: boolean) =>
    `<tr><th scope="row">${name}</th><td>${cell(spam, false)}</td><td>${cell(spam, true)}</td></tr>`;
  return `<section aria-labelledby="confusion"><h2 id="confusion">What was taken for what</h2>
<div class="card scroll" role="region" aria-label="Confusion" tabindex="0"><table class="numbers">
<thead><tr><th scope="col">truth</th><th scope="col">called ham</th><th scope="col">called spam</th></tr></thead>
<tbody>${row("ham", false)}${row("spam", true)}</tbody></table></div></section>`;
}

const MISTAKES = 12;
const EXCERPT = 60;

/** The surest mistakes, as the network saw them. */
function mistakesSection({ test, full }: BertFound): string {
  const size = (i: number) => Math.abs(full.margins[i]!);
  const wrong = [...test.keys()]
    .filter((i) => full.margins[i]! > 0 !== test[i]!.spam)
    .sort((a, b) => size(b) - size(a));
  if (wrong.length === 0) return "";
  const figure = (mail: Mail, margin: number) => {
    const sure = percent(1 / (1 + Math.exp(-Math.abs(margin))));
    const text = `${mail.words.slice(0, EXCERPT).join(" ")}${mail.words.length > EXCERPT ? " …" : ""}`;
    return `<figure class="card"><figcaption><h3>${mail.spam ? "Spam called ham" : "Ham called spam"}, ${sure} sure</h3><small style="overflow-wrap:anywhere">${escapeHtml(mail.file)}</small></figcaption>
<p style="margin-top:8px">${escapeHtml(text)}</p></figure>`;
  };
  return `<section aria-labelledby="mistakes"><h2 id="mistakes">Worst mistakes</h2>
<p>${count(Math.min(MISTAKES, wrong.length))} of ${count(wrong.length)}, the surest first.</p>
<div class="columns">${wrong
    .slice(0, MISTAKES)
    .map((i) => figure(test[i]!, full.margins[i]!))
    .join("\n")}</div></section>`;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
