// What a link holds: the page, and the config of the run with its seed. `#/train?v=1&layers=...&lr=0.003&seed=0`. What is missing is the
// default; what is wrong is said, never guessed at.

import { layersText, PRESETS, parseLayers } from "../engine/layers.ts";
import type { OptimizerName, RunConfig, ScheduleName } from "../engine/protocol.ts";

/** Of the config's form. A link of a newer form is refused in words. */
export const HASH_VERSION = 1;

export const OPTIMIZERS: readonly OptimizerName[] = ["sgd", "adam", "adamw", "rmsprop"];
export const SCHEDULES: readonly ScheduleName[] = ["constant", "cosine", "warmup"];

export const DEFAULT_CONFIG: RunConfig = {
  data: "mnist",
  layers: parseLayers(PRESETS.lenet!),
  optimizer: "adamw",
  lr: 0.003,
  schedule: "cosine",
  batch: 64,
  epochs: 3,
  seed: 0,
  patience: 0,
};

export interface Route {
  /** `home`, `train`, ... as written; whether there is such a page is the router's affair. */
  readonly page: string;
  readonly config: RunConfig;
  /** Parameters that are the page's own (`picture=test:12`, `auto=1`): no part of the config. */
  readonly query: URLSearchParams;
  /** What of the hash was not understood; the default stands in its place. */
  readonly faults: readonly string[];
}

export function parseHash(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const page = path === "" ? "home" : path.slice(0, 40);
  const faults: string[] = [];
  const given = new URLSearchParams(query);
  const own = new URLSearchParams(
    [...given].filter(([key]) => key !== "v" && !Object.hasOwn(DEFAULT_CONFIG, key)),
  );
  const version = given.get("v") ?? String(HASH_VERSION);
  if (!/^\d{1,4}$/.test(version))
    faults.push(`this link has version "${version.slice(0, 20)}", which is none`);
  else if (Number(version) > HASH_VERSION)
    faults.push(
      `this link was made by a newer version of the site (${version}; this is ${HASH_VERSION}): reload to get it`,
    );
  if (faults.length > 0) return { page, config: DEFAULT_CONFIG, query: own, faults };

  const read = <T>(key: string, parse: (text: string) => T, otherwise: T): T => {
    const text = given.get(key);
    if (text === null) return otherwise;
    try {
      return parse(text);
    } catch (error) {
      faults.push((error as Error).message);
      return otherwise;
    }
  };
  const d = DEFAULT_CONFIG;
  const config: RunConfig = {
    data: read("data", (t) => oneOf("data", t, ["mnist", "own"]), d.data),
    layers: read("layers", parseLayers, d.layers),
    optimizer: read("optimizer", (t) => oneOf("optimizer", t, OPTIMIZERS), d.optimizer),
    lr: read("lr", (t) => within("lr", t, 1e-7, 10), d.lr),
    schedule: read("schedule", (t) => oneOf("schedule", t, SCHEDULES), d.schedule),
    batch: read("batch", (t) => whole("batch", t, 1, 512), d.batch),
    epochs: read("epochs", (t) => whole("epochs", t, 1, 200), d.epochs),
    seed: read("seed", (t) => whole("seed", t, 0, 2 ** 31 - 1), d.seed),
    patience: read("patience", (t) => whole("patience", t, 0, 50), d.patience),
  };
  return { page, config, query: own, faults };
}

/** The hash of a page with a config and the page's own parameters; of the config only what differs from the default is written. */
export function hashOf(
  page: string,
  config: RunConfig = DEFAULT_CONFIG,
  own: URLSearchParams = new URLSearchParams(),
): string {
  const query = new URLSearchParams({ v: String(HASH_VERSION) });
  const texts = (c: RunConfig) => ({ ...c, layers: layersText(c.layers) });
  const [wanted, standard] = [texts(config), texts(DEFAULT_CONFIG)];
  for (const key of Object.keys(standard) as (keyof RunConfig)[])
    if (wanted[key] !== standard[key]) query.set(key, String(wanted[key]));
  for (const [key, value] of own) query.append(key, value);
  const text = query.toString() === `v=${HASH_VERSION}` ? "" : `?${query}`;
  return `#/${page === "home" ? "" : page}${text}`;
}

function oneOf<T extends string>(key: string, text: string, all: readonly T[]): T {
  const found = all.find((item) => item === text);
  if (found === undefined)
    throw new RangeError(`${key}: must be one of ${all.join(", ")}, the link says "${text.slice(0, 40)}"`);
  return found;
}

function within(key: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= low && value <= high))
    throw new RangeError(`${key}: must be from ${low} to ${high}, the link says "${text.slice(0, 40)}"`);
  return value;
}

function whole(key: string, text: string, low: number, high: number): number {
  const value = within(key, text, low, high);
  if (!Number.isInteger(value))
    throw new RangeError(`${key}: must be a whole number, the link says "${text.slice(0, 40)}"`);
  return value;
}
