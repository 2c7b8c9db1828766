// Style sheet of the report: system font, light and dark, from 320 CSS pixels up, readable in print.

import { RAMP } from "./pictures.ts";

// Told apart from each other and from the card, on both grounds.
const LIGHT = ["#2458d3", "#b5500b", "#1a7f4b", "#8b3fc0", "#0b7f8c", "#c22f3d", "#7a6a00", "#596073"];
const DARK = ["#82aaff", "#ffa05c", "#5fd394", "#cf9bff", "#4fd1e0", "#ff8891", "#d9c85a", "#9ea6b8"];

const toneVariables = (colours: readonly string[]) => colours.map((c, i) => `--tone${i}: ${c};`).join(" ");
const TONE_RULES = LIGHT.map((_, i) => `.tone${i} { --own: var(--tone${i}); }`).join("\n");

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7fa; --card: #fff; --ink: #191c24; --soft: #596073; --edge: #e1e4ec; --grid: #eceef4;
  --blue: #2458d3; --orange: #b5500b; --right: #7fa6f8; --wrong: #f7a45f; --faint: 0.4;
  ${toneVariables(LIGHT)}
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1016; --card: #171a22; --ink: #e9ebf1; --soft: #9ea6b8; --edge: #2a2f3b; --grid: #232733;
    --blue: #82aaff; --orange: #ffa05c; --right: #2c5cc5; --wrong: #a9530f; --faint: 0.45;
    ${toneVariables(DARK)}
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main, footer { max-width: 1240px; margin: 0 auto; padding: 0 clamp(12px, 3vw, 32px); }
header { padding: clamp(20px, 4vw, 44px) 0 8px; display: grid; gap: 24px; }
@media (min-width: 860px) { header { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 32px; align-items: center; } }
h1 { margin: 0; font-size: clamp(1.6rem, 4vw, 2.3rem); line-height: 1.15; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { margin: 44px 0 8px; font-size: 1.3rem; line-height: 1.25; letter-spacing: -0.01em; }
h3 { margin: 0; font-size: 1rem; }
p { margin: 0 0 12px; color: var(--soft); max-width: 75ch; overflow-wrap: anywhere; }
small { font-size: 0.8125rem; font-weight: 400; color: var(--soft); }
figure { margin: 0; }
.lead { margin: 8px 0 0; font-size: 1.06rem; }
.tiles { display: flex; flex-wrap: wrap; gap: 16px 36px; margin: 24px 0 0; }
.tiles div { display: flex; flex-direction: column; }
.tiles dt { order: 2; color: var(--soft); font-size: 0.875rem; }
.tiles dd { margin: 0; font-size: 1.75rem; font-weight: 650; line-height: 1.2; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.tiles .main { flex-basis: 100%; }
.tiles .main dd { font-size: clamp(3.2rem, 11vw, 5rem); line-height: 1; color: var(--blue); margin-bottom: 4px; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 12px; padding: 16px; }
.columns { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); }
.halves { display: grid; column-gap: 32px; }
@media (min-width: 1060px) { .halves { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); } }
.halves section { display: flex; flex-direction: column; min-width: 0; }
.halves .card { padding: 8px; }
.scroll { overflow-x: auto; }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { font-weight: 600; text-align: left; }
.facts th { color: var(--soft); font-weight: 400; padding: 5px 16px 5px 0; vertical-align: top; overflow-wrap: break-word; }
.facts td { padding: 5px 0; overflow-wrap: anywhere; }
.facts tr + tr > * { border-top: 1px solid var(--grid); }
.facts .long { font: 0.8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.numbers th, .numbers td { padding: 6px 8px; text-align: right; white-space: nowrap; }
.numbers th:first-child { text-align: left; }
.numbers td:last-child { white-space: normal; }
.numbers thead th { color: var(--soft); font-weight: 400; font-size: 0.8125rem; vertical-align: bottom; white-space: normal; }
.numbers tbody tr > * { border-top: 1px solid var(--grid); }
.meter { display: block; height: 3px; margin-top: 3px; border-radius: 2px; background: var(--grid); overflow: hidden; }
.meter i { display: block; height: 100%; background: var(--blue); }
.meter.wrong i { background: var(--orange); }
.matrix { border-collapse: separate; border-spacing: 2px; font-size: clamp(0.75rem, 2vw, 0.9375rem); }
.matrix td, .matrix th { text-align: center; padding: 7px 3px; min-width: 2.9em; border-radius: 5px; }
.matrix tbody th { text-align: right; padding-right: 8px; white-space: nowrap; }
.matrix td { background: color-mix(in srgb, var(--tone) var(--s), var(--card)); }
.matrix td:hover { outline: 2px solid var(--ink); }
.matrix .right { --tone: var(--right); font-weight: 600; }
.matrix .wrong { --tone: var(--wrong); }
.matrix .zero { background: none; color: var(--soft); }
@media (max-width: 430px) {
  .halves .card { padding: 6px; }
  .numbers { font-size: 0.875rem; }
  .numbers th, .numbers td { padding: 5px; }
  .matrix { font-size: 0.6875rem; border-spacing: 1px; }
  .matrix td, .matrix th { padding: 7px 1px; min-width: 24px; }
  .matrix .corner { min-width: 0; }
  .matrix .corner small { font-size: 0; }
  .matrix tbody th { padding-right: 5px; }
}
@media (max-width: 359px) {
  .numbers { font-size: 0.8125rem; }
  .numbers th, .numbers td { padding: 5px 3px; }
  .numbers thead th { font-size: 0.75rem; }
  .matrix { font-size: 0.625rem; }
  .matrix td, .matrix th { min-width: 20px; padding: 7px 0; }
}
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.chart { display: flex; flex-direction: column; gap: 6px; min-width: 0; }
.chart svg { display: block; width: 100%; height: auto; }
.chart figcaption { color: var(--soft); font-size: 0.875rem; line-height: 1.45; }
.chart text { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
@media (max-width: 430px) { .chart { padding: 12px 8px; } .chart text { font-size: 14.5px; } }
.chart text.x, .chart text.none { text-anchor: middle; }
.chart text.y, .chart text.end { text-anchor: end; }
.chart line { stroke: var(--grid); }
.chart .axis, .chart .tick { stroke: var(--soft); }
.chart .mark { stroke: var(--soft); stroke-dasharray: 2 4; opacity: 0.7; }
.chart path { fill: none; stroke: var(--own, var(--blue)); stroke-linejoin: round; stroke-linecap: round; }
.chart path.faint { stroke-width: 1.2; opacity: var(--faint); }
.chart path.strong { stroke-width: 2.4; }
.chart path.thin { stroke-width: 1.4; stroke-dasharray: 5 4; stroke: var(--own, var(--soft)); }
.chart circle { fill: var(--own, var(--blue)); }
.chart circle.faint { opacity: var(--faint); }
.chart circle.dots { fill: var(--card); stroke: var(--own, var(--orange)); stroke-width: 2.4; }
.hit rect { fill: transparent; }
.hit circle { opacity: 0; }
.hit:hover rect { fill: var(--ink); fill-opacity: 0.07; }
.hit:hover circle { opacity: 1; stroke: var(--card); stroke-width: 1.5; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0; padding: 0; list-style: none; font-size: 0.8125rem; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: 7px; }
.legend li::before { content: ""; width: 18px; height: 3px; border-radius: 2px; background: var(--own, var(--blue)); }
.legend .thin::before { height: 1.5px; background: var(--own, var(--soft)); }
.legend .faint::before { height: 2px; opacity: var(--faint); }
.legend .dots::before { width: 11px; height: 11px; border-radius: 50%; background: none; border: 2.4px solid var(--own, var(--orange)); }
details { margin-top: 16px; }
summary { cursor: pointer; }
details .scroll { margin-top: 8px; }
img { display: block; image-rendering: pixelated; max-width: 100%; }
.scale { display: flex; align-items: center; gap: 10px; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
.ramp { width: 160px; height: 12px; border-radius: 6px; background: ${RAMP}; box-shadow: 0 0 0 1px var(--edge); }
.filters { display: flex; flex-wrap: wrap; gap: 12px; }
.filters img { border-radius: 4px; box-shadow: 0 0 0 1px var(--edge); }
.filters figcaption { text-align: center; font-size: 0.8125rem; color: var(--soft); }
.mistakes { display: grid; gap: 12px; grid-template-columns: repeat(auto-fill, minmax(128px, 1fr)); }
.mistakes .card { padding: 12px; }
.mistakes .frame { height: 96px; display: flex; align-items: center; justify-content: center; margin-bottom: 8px; }
.mistakes img { border-radius: 4px; max-height: 96px; }
.mistakes figcaption { font-size: 0.875rem; line-height: 1.35; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.mistakes .guess, .mistakes .truth { display: flex; flex-wrap: wrap; gap: 0 6px; align-items: baseline; }
.mistakes .truth { margin-top: 6px; }
.mistakes figcaption small { margin-left: auto; }
.guess b { color: var(--orange); }
.truth b { color: var(--blue); }
.strips { margin: 8px 0 20px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); }
.strip { border-top: 3px solid var(--blue); padding: 8px; }
.strip.lost { border-top-color: var(--orange); }
.strip svg { display: block; width: 100%; height: auto; }
.strip polyline { fill: none; stroke: var(--ink); stroke-width: 1.2; stroke-linejoin: round; }
.strip .seen { fill: var(--grid); }
.strip .beat { stroke: var(--orange); stroke-dasharray: 3 3; }
.strip figcaption { font-size: 0.875rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.strip figcaption b { color: var(--ink); }
.matrix.attention { font-size: 0.75rem; margin-top: 8px; }
.matrix.attention td, .matrix.attention th { min-width: 1.7em; padding: 4px 1px; }
.matrix.attention tbody th { padding-right: 5px; }
${TONE_RULES}
footer { padding-top: 40px; padding-bottom: 32px; color: var(--soft); font-size: 0.875rem; }
@media print { .card, figure, tr { break-inside: avoid; } body { background: none; } }
`;
