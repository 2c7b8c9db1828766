// Light, dark, or as the system has it; kept in this browser alone.

import { computed, effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const KEY = "wgrad-theme";
const stored = (() => {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden
  }
})();
export const theme = signal<Theme>(stored === "light" || stored === "dark" ? stored : "system");

const system = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);
system.addEventListener("change", () => {
  systemDark.value = system.matches;
});

/** What is shown. */
export const dark = computed(() => (theme.value === "system" ? systemDark.value : theme.value === "dark"));
effect(() => {
  document.documentElement.dataset.theme = dark.value ? "dark" : "light";
});

effect(() => {
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // then for this visit alone
  }
});
