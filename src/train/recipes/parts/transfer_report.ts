// The result of `transfer`: how far pretrained features are ahead, seed by seed, and its page.

import type { ChartOptions, Series } from "../../report/chart.ts";
import type { RunReport } from "../../report/report.ts";
import { escapeHtml, number } from "../../report/text.ts";
import type { Found, Pair } from "../transfer.ts";

interface Settings {
  readonly samples: number;
  readonly headSteps: number;
  readonly steps: number;
}

interface Spread {
  readonly mean: number;
  /** Standard deviation of the sample; 0 for one value. */
  readonly deviation: number;
}

export function transferReport(pairs: readonly Pair[], settings: Settings) {
  const of = (value: (pair: Pair) => number) => spreadOf(pairs.map(value));
  const end = (found: Found) => found.curve[found.curve.length - 1]!.auc;
  const frozen = (found: Found) =>
    (found.curve.find((c) => c.step === settings.headSteps) ?? found.curve[0]!).auc;
  const pretrained = of((p) => end(p.pretrained));
  const random = of((p) => end(p.random));
  const gain = of((p) => end(p.pretrained) - end(p.random));
  const frozenGain = of((p) => frozen(p.pretrained) - frozen(p.random));
  const linear = of((p) => p.linear);
  const metrics = {
    gain: gain.mean,
    spread: gain.deviation,
    valAuc: pretrained.mean,
    valAucRandom: random.mean,
    frozenGain: frozenGain.mean,
    frozenSpread: frozenGain.deviation,
  };
  const frozenOf = (key: "pretrained" | "random") => shown(of((p) => frozen(p[key])));
  const report: Omit<RunReport, "facts" | "runs" | "epochs"> = {
    title: "Pretrained features on a few chest X-rays",
    summary: `With ${settings.samples} labelled images, features learnt on photographs reach a validation AUC of ${number(pretrained.mean)} after fine-tuning, the same network from random weights ${number(random.mean)}: ahead by ${number(gain.mean, 2)} with a standard deviation of ${number(gain.deviation, 2)} over ${pairs.length} draws of images and seeds. Logistic regression on the pixels of the same images reaches ${number(linear.mean)}: features of photographs are ${pretrained.mean > linear.mean ? "better" : "no better"} than none here.`,
    tiles: [
      {
        label: `ahead in validation AUC (± ${number(gain.deviation, 2)})`,
        value: number(gain.mean, 2),
        main: true,
      },
      {
        label: "ahead with frozen features",
        value: `${number(frozenGain.mean, 2)} ± ${number(frozenGain.deviation, 2)}`,
      },
    ],
    comparison: [
      {
        name: "pretrained",
        values: { "frozen features": frozenOf("pretrained"), "fine-tuned": shown(pretrained) },
      },
      {
        name: "random weights",
        values: { "frozen features": frozenOf("random"), "fine-tuned": shown(random) },
      },
      { name: "logistic regression on the pixels", values: { "fine-tuned": shown(linear) } },
    ],
    charts: [curves(pairs, settings)],
    sections: [table(pairs, frozen, end)],
  };
  return { metrics, baseline: { valAuc: linear.mean }, report };
}

const VARIANTS = [
  ["pretrained", "pretrained"],
  ["random", "random weights"],
] as const;

/** The mean over draws, and the lowest and highest of them. */
function curves(pairs: readonly Pair[], { headSteps, steps }: Settings): ChartOptions {
  const series = VARIANTS.flatMap(([key, label], tone): Series[] => {
    const all = pairs.map((p) => p[key].curve);
    const x = all[0]!.map((c) => c.step);
    const at = (k: number) => all.map((curve) => curve[k]!.auc);
    const line = (label: string, look: Series["look"], value: (values: number[]) => number): Series => ({
      label,
      x,
      y: x.map((_, k) => value(at(k))),
      look,
      tone,
    });
    return [
      line(label, "strong", (v) => spreadOf(v).mean),
      line(`${label}: lowest`, "thin", (v) => Math.min(...v)),
      line(`${label}: highest`, "thin", (v) => Math.max(...v)),
    ];
  });
  return {
    id: "both-curves",
    title: "Validation AUC, both variants",
    summary: `Mean over ${pairs.length} draws, with the lowest and the highest. The head alone is trained for ${headSteps} steps, then all weights for ${steps}.`,
    series,
    marks: [headSteps],
  };
}

function table(
  pairs: readonly Pair[],
  frozen: (found: Found) => number,
  end: (found: Found) => number,
): string {
  const heads = [
    "pretrained, frozen",
    "random, frozen",
    "pretrained, tuned",
    "random, tuned",
    "ahead",
    "pixels",
  ];
  const rows = pairs.map((p, k) => {
    const values = [
      frozen(p.pretrained),
      frozen(p.random),
      end(p.pretrained),
      end(p.random),
      end(p.pretrained) - end(p.random),
      p.linear,
    ];
    const cells = values.map((v) => `<td>${escapeHtml(number(v))}</td>`).join("");
    return `<tr><th scope="row">${k + 1}</th>${cells}</tr>`;
  });
  return `<section aria-labelledby="draws"><h2 id="draws">Draw by draw</h2>
<p>Validation AUC. Each draw has its own images and its own first weights; both variants see the same images in the same order.</p>
<div class="card scroll" role="region" aria-label="Draws" tabindex="0"><table class="numbers">
<thead><tr><th scope="col">draw</th>${heads.map((h) => `<th scope="col">${h}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div></section>`;
}

function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

function shown({ mean, deviation }: Spread): string {
  return `${number(mean)} ± ${number(deviation, 2)}`;
}
