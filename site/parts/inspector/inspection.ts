// The state of the panel: the answer of the worker for the element that is open.

import { signal } from "@preact/signals";
import { call } from "../../engine/client.ts";
import type { ElementRef, Inspection, RunInfo } from "../../engine/protocol.ts";
import { info, progress, sentence } from "../../engine/session.ts";
import { edits } from "./open.ts";

export type Answer =
  | { readonly state: "loading"; readonly last: Inspection | null }
  | { readonly state: "ready"; readonly inspection: Inspection }
  | { readonly state: "failed"; readonly message: string };

export const answer = signal<Answer>({ state: "loading", last: null });

/** The run and the step of it that the worker has kept. */
let held: { run: RunInfo | null; step: number; edits: number } | null = null;
let turn = 0;

/**
 * Asks for an element: `same` in the step that is kept, `fresh` in the next one, `auto` in the kept one unless the run has moved on.
 */
export async function ask(ref: ElementRef, how: "fresh" | "same" | "auto"): Promise<void> {
  const mine = ++turn;
  const before = answer.peek();
  const last = before.state === "ready" ? before.inspection : before.state === "loading" ? before.last : null;
  answer.value = { state: "loading", last };
  const sameRun = held !== null && held.run === info.peek();
  const unmoved = sameRun && (progress.peek()?.step ?? 0) <= held!.step && held!.edits === edits.peek();
  const again = how === "same" ? sameRun : how === "auto" && unmoved;
  const edited = again && held ? held.edits : edits.peek();
  try {
    const inspection = await call("inspect", ref, again);
    held = { run: info.peek(), step: inspection.step, edits: edited };
    if (mine === turn) answer.value = { state: "ready", inspection };
  } catch (error) {
    if (mine === turn) answer.value = { state: "failed", message: sentence(error) };
  }
}
