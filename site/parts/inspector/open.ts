// Opens the Inspector on an element. Any page may call it; the panel is shown where `InspectorHost` stands.

import { signal } from "@preact/signals";
import type { ElementRef } from "../../engine/protocol.ts";

/** The element that is open; null: the panel is closed. */
export const inspected = signal<ElementRef | null>(null);
/** Elements that were open before, the last one last. */
export const trail = signal<readonly ElementRef[]>([]);

/** Counts changes of weights by hand: the step that the worker keeps knows nothing of them. */
export const edits = signal(0);

let opener: Element | null = null;

/** Opens the panel on an element, or goes on from the one that is open. */
export function inspect(ref: ElementRef): void {
  if (inspected.value) trail.value = [...trail.value, inspected.value].slice(-50);
  else opener = document.activeElement;
  inspected.value = ref;
}

/** To the element before. */
export function stepBack(): void {
  const last = trail.value.at(-1);
  if (!last) return;
  trail.value = trail.value.slice(0, -1);
  inspected.value = last;
}

/** Closes the panel; the focus goes back to where it was opened from. */
export function close(): void {
  inspected.value = null;
  trail.value = [];
  if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
  opener = null;
}
