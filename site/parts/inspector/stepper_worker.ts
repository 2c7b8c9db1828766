// The stepper off the main thread, in a worker of its own for as long as an invocation is open: it runs in slices, so that a pause
// is heard, and tells where it stands after each.

import type { SteppedInvocation } from "../../engine/protocol.ts";
import { ShaderStepper } from "./stepper.ts";
import type { StepperMessage, StepperRequest } from "./stepper_messages.ts";

const SLICE_MS = 100;

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<StepperRequest>) => void) | null;
  postMessage(message: StepperMessage): void;
};

let invocation: SteppedInvocation | null = null;
let stepper: ShaderStepper | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

// The interpreter says there what it cannot do, and goes on with something else: numbers that nobody should see.
console.error = (...words: unknown[]) => {
  throw new Error(words.map(String).join(" "));
};

scope.onmessage = ({ data }) => guarded(() => answer(data));

function answer(request: StepperRequest): void {
  clearTimeout(timer);
  if (request.ask === "open") invocation = request.invocation;
  if (request.ask === "open" || request.ask === "restart") {
    stepper = new ShaderStepper(invocation!);
    if (stepper.line === 0) stepper.stepLine();
  }
  if (request.ask === "line") stepper!.stepLine();
  if (request.ask === "run") run(request.to);
  else tell(false);
}

/** A slice of it; the rest behind what the page has to say. */
function run(to: number | null): void {
  const ended = stepper!.run(to, SLICE_MS);
  tell(!ended);
  if (!ended) timer = setTimeout(() => guarded(() => run(to)));
}

function tell(running: boolean): void {
  const { line, done, steps, output, variables } = stepper!;
  scope.postMessage({ line, done, steps, output, variables, running });
}

function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    scope.postMessage({ failed: error instanceof Error ? error.message : String(error) });
  }
}
