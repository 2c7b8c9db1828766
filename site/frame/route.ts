// The page that is shown follows the hash. Pages are loaded when they are first gone to.

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import type { RunConfig } from "../engine/protocol.ts";
import { hashOf, parseHash, type Route } from "./hash.ts";

interface Page {
  readonly title: string;
  readonly load: () => Promise<ComponentType>;
}

export const PAGES: Readonly<Record<string, Page>> = {
  home: { title: "Home", load: async () => (await import("../pages/home/home.tsx")).Home },
  train: { title: "Train", load: async () => (await import("../pages/train/train.tsx")).Train },
  microscope: {
    title: "Microscope",
    load: async () => (await import("../pages/microscope/microscope.tsx")).Microscope,
  },
  bench: { title: "Bench", load: async () => (await import("../pages/bench/bench.tsx")).Bench },
};

/** Names such as `constructor` are no pages, though every object has them. */
export const pageNamed = (name: string): Page | undefined =>
  Object.hasOwn(PAGES, name) ? PAGES[name] : undefined;

export const route = signal<Route>(parseHash(location.hash));
addEventListener("hashchange", () => {
  route.value = parseHash(location.hash);
});

/** Writes the config into the address without a new entry of the history. */
export function keepConfig(config: RunConfig): void {
  const { page, query } = route.value;
  history.replaceState(null, "", hashOf(page, config, query));
  route.value = { ...route.value, config, faults: [] };
}

/** Writes parameters of the page itself into the address, without a new entry of the history; null takes one out. */
export function keepQuery(own: Readonly<Record<string, string | null>>): void {
  const query = new URLSearchParams(route.value.query);
  for (const [key, value] of Object.entries(own)) {
    if (value === null) query.delete(key);
    else query.set(key, value);
  }
  history.replaceState(null, "", hashOf(route.value.page, route.value.config, query));
  route.value = { ...route.value, query };
}

/** A link to a page with the config of the run that is on. */
export const linkTo = (page: string): string => hashOf(page, route.value.config);
