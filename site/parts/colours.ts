// Colour tables for maps of numbers, and the painting of pixels with them. Both tables are paths through OKLab (Ottosson 2020) on
// which lightness carries the order, so that they read without telling red from green, and in grey print.

/** RGB of 256 steps, one behind the other. */
export type ColourTable = Uint8Array;
export type TableName = "sequential" | "diverging" | "grey";

/** [lightness, chroma, hue in degrees], OKLCh. */
type Stop = readonly [number, number, number];

const STEPS = 256;

/** Indigo, teal, green, yellow: lightness rises all the way. */
const SEQUENTIAL: readonly Stop[] = [
  [0.24, 0.1, 300],
  [0.4, 0.1, 270],
  [0.55, 0.09, 215],
  [0.7, 0.13, 160],
  [0.82, 0.16, 125],
  [0.94, 0.15, 105],
];

/** Blue below, light in the middle, orange above: equal lightness at equal distance from the middle. */
const DIVERGING: readonly Stop[] = [
  [0.36, 0.13, 258],
  [0.62, 0.11, 250],
  [0.96, 0.005, 250],
  [0.62, 0.13, 55],
  [0.36, 0.09, 50],
];

/** Bytes of pictures as they are. */
const GREY = Uint8Array.from({ length: 3 * STEPS }, (_, i) => Math.floor(i / 3));

function tableOf(stops: readonly Stop[]): ColourTable {
  const table = new Uint8Array(3 * STEPS);
  const last = stops.length - 1;
  for (let i = 0; i < STEPS; i++) {
    const t = (i / (STEPS - 1)) * last;
    const k = Math.min(Math.floor(t), last - 1);
    const [from, to] = [labOf(stops[k]), labOf(stops[k + 1])];
    const lab = from.map((a, axis) => a + (to[axis] - a) * (t - k));
    table.set(rgbOf(lab), 3 * i);
  }
  return table;
}

function labOf([l, c, h]: Stop): number[] {
  const angle = (h * Math.PI) / 180;
  return [l, c * Math.cos(angle), c * Math.sin(angle)];
}

/** OKLab to sRGB bytes; what lies outside the gamut is clipped. */
function rgbOf([l, a, b]: readonly number[]): number[] {
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ];
  return linear.map((v) => {
    const bright = v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, bright)));
  });
}

export const TABLES: Readonly<Record<TableName, ColourTable>> = {
  sequential: tableOf(SEQUENTIAL),
  diverging: tableOf(DIVERGING),
  grey: GREY,
};

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly table: TableName;
}

/** From 0 up where nothing is negative; else symmetric about 0, so that the middle of the table is 0. */
export function scaleOf(values: ArrayLike<number>): Scale {
  let [low, high] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  const most = Math.max(-low, high) || 1; // all zeros: any range will do
  return low < 0
    ? { low: -most, high: most, table: "diverging" }
    : { low: 0, high: most, table: "sequential" };
}

/** CSS colour of a value. */
export function colourOf(value: number, scale: Scale): string {
  const at = 3 * place(value, scale);
  const table = TABLES[scale.table];
  return Number.isNaN(value) ? "transparent" : `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
}

/** Paints values into RGBA bytes; NaN stays transparent. */
export function paint(values: ArrayLike<number>, scale: Scale, rgba: Uint8ClampedArray): void {
  const table = TABLES[scale.table];
  for (let i = 0; i < values.length; i++) {
    const at = 3 * place(values[i], scale);
    rgba[4 * i] = table[at];
    rgba[4 * i + 1] = table[at + 1];
    rgba[4 * i + 2] = table[at + 2];
    rgba[4 * i + 3] = Number.isNaN(values[i]) ? 0 : 255;
  }
}

function place(value: number, { low, high }: Scale): number {
  const t = (value - low) / (high - low);
  return t >= 1 ? STEPS - 1 : t > 0 ? Math.round(t * (STEPS - 1)) : 0;
}
