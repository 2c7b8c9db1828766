// A text for an argument of a compiled function that is no tensor: equal texts mean that one recording serves both.
// Values count for numbers, strings, arrays and plain objects; everything else (functions, maps, modules) is itself only.

const identities = new WeakMap<object, number>();
let count = 0;

/** Differs wherever the function could: NaN from Infinity, 0 from -0, two closures of one text. */
export function argumentKey(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return String(value);
  if (Array.isArray(value)) return `[${value.map(argumentKey)}]`;
  const proto = Object.getPrototypeOf(value);
  if (typeof value === "function" || (proto !== Object.prototype && proto !== null)) return identity(value);
  return `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${argumentKey(v)}`)}}`;
}

function identity(value: object): string {
  let id = identities.get(value);
  if (id === undefined) identities.set(value, (id = count++));
  return `#${id}`;
}
