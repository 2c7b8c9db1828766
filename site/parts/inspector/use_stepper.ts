// An invocation that is stepped through: opened at the first click, ended with the component, or by the next one that it opens.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { call } from "../../engine/client.ts";
import type { ElementRef, SteppedInvocation } from "../../engine/protocol.ts";
import { StepperClient } from "./stepper_client.ts";
import type { StepperRequest, StepperState } from "./stepper_messages.ts";

/** Without its arrays, which the worker has. */
export type OpenInvocation = Omit<SteppedInvocation, "data">;

export interface Stepper {
  /** Null until the invocation stands at its first line. */
  readonly now: Signal<{ readonly invocation: OpenInvocation; readonly state: StepperState } | null>;
  /** In words, why this dispatch has no invocation to step through. */
  readonly refused: Signal<string | null>;
  /** What went wrong after it was opened. */
  readonly fault: Signal<string | null>;
  /** Rejects where the interpreter cannot read the text. */
  open(ref: ElementRef, at: number): Promise<void>;
  ask(request: Exclude<StepperRequest, { ask: "open" }>): void;
}

export function useStepper(): Stepper {
  const now: Stepper["now"] = useSignal(null);
  const refused = useSignal<string | null>(null);
  const fault = useSignal<string | null>(null);
  const client = useRef<StepperClient | null>(null);
  const gone = useRef(false);
  useEffect(
    () => () => {
      gone.current = true;
      client.current?.end();
    },
    [],
  );
  const open = async (ref: ElementRef, at: number): Promise<void> => {
    const found = await call("invocation", ref, at);
    if (gone.current) return;
    if (typeof found === "string") {
      refused.value = found;
      return;
    }
    const { data: _, ...invocation } = found;
    await new Promise<void>((resolve, reject) => {
      client.current?.end();
      client.current = new StepperClient(found, {
        onState: (state) => {
          now.value = { invocation, state };
          resolve();
        },
        onFailure: (message) => {
          fault.value = now.value && message;
          if (now.value) now.value = { invocation, state: { ...now.value.state, running: false } };
          reject(new RangeError(message));
        },
      });
    });
  };
  const ask: Stepper["ask"] = (request) => {
    fault.value = null;
    client.current?.ask(request);
  };
  return { now, refused, fault, open, ask };
}
