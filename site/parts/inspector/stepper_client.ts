// The page's side of the stepper: its worker is loaded when an invocation is opened, and ends with it.

import { blobWorker } from "../../engine/blob_worker.ts";
import type { SteppedInvocation } from "../../engine/protocol.ts";
import type { StepperMessage, StepperRequest, StepperState } from "./stepper_messages.ts";
import workerUrl from "./stepper_worker.ts?worker&url";

interface Listeners {
  readonly onState: (state: StepperState) => void;
  /** Why the text, or a statement of it, could not be run. */
  readonly onFailure: (message: string) => void;
}

export class StepperClient {
  private readonly worker = blobWorker(workerUrl, "shader stepper");

  /** Takes the invocation's arrays with it. */
  constructor(invocation: SteppedInvocation, { onState, onFailure }: Listeners) {
    this.worker.onmessage = ({ data }: MessageEvent<StepperMessage>) =>
      "failed" in data ? onFailure(data.failed) : onState(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      onFailure(event.message || "the stepper could not be loaded");
    };
    this.worker.postMessage({ ask: "open", invocation } satisfies StepperRequest, arraysOf(invocation));
  }

  ask(request: Exclude<StepperRequest, { ask: "open" }>): void {
    this.worker.postMessage(request);
  }

  end(): void {
    this.worker.terminate();
  }
}

/** Each once: what a binding held before and after may be one. */
function arraysOf({ data }: SteppedInvocation): ArrayBuffer[] {
  const arrays = data.bindings.flatMap(({ before, after }) => [before, after]);
  return [...new Set(arrays.flatMap((a) => (a ? [a.buffer as ArrayBuffer] : [])))];
}
