// What the page and the stepper's worker say to each other. Every request but `pause` is answered by a state; while a run goes on
// there are at most ten a second of them.

import type { SteppedInvocation } from "../../engine/protocol.ts";
import type { SteppedVariable } from "./stepper.ts";

export type StepperRequest =
  /** Its arrays are handed over: the worker alone has them from then on. */
  | { readonly ask: "open"; readonly invocation: SteppedInvocation }
  /** From the first statement again. */
  | { readonly ask: "restart" }
  /** To the next line. */
  | { readonly ask: "line" }
  /** To the end, or until a line comes next: from 1. */
  | { readonly ask: "run"; readonly to: number | null }
  | { readonly ask: "pause" };

export interface StepperState {
  /** That comes next, from 1; 0 at the end. */
  readonly line: number;
  readonly done: boolean;
  /** Statements that were run. */
  readonly steps: number;
  /** The element of the result as it stands. */
  readonly output: number;
  readonly variables: readonly SteppedVariable[];
  readonly running: boolean;
}

export type StepperMessage = StepperState | { readonly failed: string };
