// Numbers in words that people read. Pure.

export const count = (value: number): string => Math.round(value).toLocaleString("en");

/** `3.4 MiB` */
export function bytes(value: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let at = 0;
  let v = value;
  while (v >= 1024 && at < units.length - 1) {
    v /= 1024;
    at++;
  }
  return `${at === 0 ? v : v.toFixed(v < 10 ? 2 : 1)} ${units[at]}`;
}

/** `45 s`, `3 min 20 s`, `2 h 5 min` */
export function duration(seconds: number): string {
  const s = Math.ceil(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** Three digits that count, without an exponent where that is short. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6)
    ? value.toExponential(2)
    : String(Number(value.toPrecision(3)));
}
