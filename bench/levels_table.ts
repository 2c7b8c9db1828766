// The level that each recipe must reach, and the tables of what was reached: for the README and for the terminal.

/** A figure, its bound, and what PyTorch reached with the same compute. */
export interface Level {
  readonly metric: string;
  readonly least?: number;
  readonly most?: number;
  /** Another metric of the same run that it has to be above. */
  readonly above?: string;
  readonly pytorch: string;
}

export const LEVELS: Readonly<Record<string, readonly Level[]>> = {
  digits: [{ metric: "accuracy", least: 0.985, pytorch: ".989" }],
  fashion: [{ metric: "accuracy", least: 0.9, pytorch: ".911" }],
  pneumonia: [{ metric: "valAuc", least: 0.99, pytorch: ".995" }],
  vit: [{ metric: "valAuc", least: 0.985, pytorch: ".993" }],
  transfer: [{ metric: "gain", least: 0, above: "spread", pytorch: "" }],
  brain: [{ metric: "dice", least: 0.935, above: "baselineDice", pytorch: ".944-.957" }],
  membranes: [{ metric: "dice", least: 0.77, above: "baselineDice", pytorch: ".81-.82" }],
  "char-lstm": [{ metric: "nats", most: 1.7, pytorch: "1.63" }],
  gpt: [{ metric: "nats", most: 1.8, pytorch: "1.73" }],
  bert: [
    { metric: "accuracy", least: 0.96, pytorch: ".972" },
    { metric: "accuracy300", least: 0, above: "accuracy300Scratch", pytorch: ".931" },
  ],
  spell: [{ metric: "phonemeErrorRate", most: 0.15, pytorch: ".116" }],
  ecg: [{ metric: "averagePrecision", least: 0.85, pytorch: ".98-1.0" }],
  activity: [{ metric: "accuracy", least: 0.95, pytorch: "1.0" }],
  "gan-2d": [
    { metric: "modes", least: 20, pytorch: "22-25" },
    { metric: "nearShare", least: 0.25, pytorch: ".33" },
  ],
  "gan-digits": [
    { metric: "leastClassShare", least: 0.02, pytorch: ".066" },
    { metric: "frechetRatio", most: 0.1, pytorch: ".03-.04" },
  ],
  "cgan-digits": [
    { metric: "asAsked", least: 0.95, pytorch: ".98" },
    { metric: "frechetRatio", most: 0.05, pytorch: "" },
  ],
};

/** What `npm run levels` writes of a recipe. */
export interface Reached {
  readonly recipe: string;
  readonly commit: string;
  /** Of the recipe's own sources (not those of the engine). */
  readonly sources: string;
  readonly adapter: string;
  readonly seed: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly baseline: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly weightsSha256: string;
}

export function holds({ metric, least, most, above }: Level, metrics: Reached["metrics"]): boolean {
  const value = metrics[metric];
  if (value === undefined || !Number.isFinite(value)) return false;
  const floor = above === undefined ? Number.NEGATIVE_INFINITY : (metrics[above] ?? Number.POSITIVE_INFINITY);
  return value >= (least ?? -Infinity) && value <= (most ?? Infinity) && value > floor;
}

export function bound({ least, most, above }: Level): string {
  const parts = [least ? `≥ ${least}` : "", most ? `≤ ${most}` : "", above ? `above ${above}` : ""];
  return parts.filter(Boolean).join(", ");
}

const figure = (v: number) => String(Number(v.toPrecision(4)));

/** Lines of Markdown: one a figure. */
export function levelsTable(reached: readonly Reached[]): string {
  const rows = reached.flatMap(({ recipe, metrics, baseline, seconds }) =>
    (LEVELS[recipe] ?? []).map((level, i) => {
      const { metric, above, pytorch } = level;
      const value = `${figure(metrics[metric] ?? Number.NaN)}${holds(level, metrics) ? "" : " (not reached)"}`;
      const trivial = baseline[metric] ?? (above === undefined ? undefined : metrics[above]);
      const cells = [
        i ? "" : `\`${recipe}\``,
        metric,
        value,
        bound(level),
        trivial === undefined ? "" : figure(trivial),
      ];
      return `| ${[...cells, pytorch, i ? "" : `${Math.round(seconds)} s`].join(" | ")} |`;
    }),
  );
  const heads = ["recipe", "figure", "reached", "required", "trivial way", "PyTorch, same compute", "time"];
  return [`| ${heads.join(" | ")} |`, `|${"---|".repeat(heads.length)}`, ...rows].join("\n");
}
