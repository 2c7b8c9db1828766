// The page of a GAN of digits: what it drew over time, the way from one picture to another, the trivial way beside it.

import { gridSection } from "../../report/grid.ts";
import type { Compared } from "../../report/report.ts";
import { percent } from "../../report/text.ts";
import type { DigitGanFound, Figures } from "./digit_gan_run.ts";
import { DIGIT_SIZE } from "./digit_judge.ts";

/** Frechet distance as a share of that at the start of training. */
export function frechetRatio({ start }: DigitGanFound, { frechet }: Figures): number {
  return frechet / start.frechet;
}

/** The run, real digits, Gaussians over pixels, and the generator before training. `asked`: the recipe can be asked for a digit. */
export function comparedFigures(found: DigitGanFound, asked: boolean): Compared[] {
  const row = (name: string, figures: Figures, mayAsk = asked): Compared => ({
    name,
    values: {
      "Frechet distance": figures.frechet,
      "of its start": frechetRatio(found, figures),
      "rarest digit": percent(Math.min(...figures.shares)),
      ...(mayAsk ? { "as asked": percent(figures.asked) } : {}),
    },
  });
  return [
    row("this run", found.end),
    row("real test digits", found.real),
    row("a Gaussian over pixels", found.gaussian, false),
    row("a Gaussian over pixels for each digit, which takes labels", found.classGaussian),
    row("the generator before training", found.start),
  ];
}

/** Grids of pictures. */
export function digitGanSections(found: DigitGanFound, asked: boolean): string[] {
  const of = (title: string, caption: string, pictures: Uint8Array) => ({
    title,
    caption,
    pictures,
    width: DIGIT_SIZE,
    height: DIGIT_SIZE,
    columns: 10,
  });
  const shares = found.end.shares.map((s, digit) => `${digit}: ${percent(s)}`).join(", ");
  return [
    gridSection({
      id: "time",
      title: "The same noise over time",
      text: `Weights averaged over the last steps. ${asked ? "Each column asks for one digit, 0 to 9." : ""} Digits among ${found.config.judged} pictures at the end, as the judge sees them: ${shares}. The judge is right on ${percent(found.judgeAccuracy, 2)} of real test digits.`,
      grids: [
        ...found.pictures.map(([step, pictures]) => of(`step ${step}`, "one noise for all steps", pictures)),
        of("the trivial way", "a Gaussian over pixels", found.gaussianPictures),
        of(
          "the trivial way with labels",
          "a Gaussian over pixels for each digit",
          found.classGaussianPictures,
        ),
      ],
    }),
    gridSection({
      id: "between",
      title: "From one noise to another",
      text: `Each row follows an arc between two random inputs${asked ? ", the digit held" : ""}: a generator that had learnt pictures by heart would jump.`,
      grids: [of("ten ways", "left to right from one noise to another", found.between)],
    }),
  ];
}
