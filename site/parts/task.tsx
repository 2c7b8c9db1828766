// Something that takes a while and may fail: whether it is under way, and its error beside the button that began it.

import { useRef, useState } from "preact/hooks";
import { sentence } from "../engine/session.ts";

export interface Task {
  readonly busy: boolean;
  readonly error: string | null;
  /** Does nothing while one is under way. */
  run(work: () => Promise<unknown>): void;
}

export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const running = useRef(false);
  return {
    busy,
    error,
    run(work) {
      if (running.current) return;
      running.current = true;
      setBusy(true);
      setError(null);
      work()
        .catch((reason: unknown) => setError(inWords(reason)))
        .finally(() => {
          running.current = false;
          setBusy(false);
        });
    },
  };
}

// RangeErrors of this site are written for people; their name would say nothing.
const inWords = (reason: unknown): string =>
  reason instanceof RangeError ? reason.message : sentence(reason);

export function ErrorLine({ error }: { error: string | null }) {
  return error === null ? null : (
    <p class="bad small" role="alert">
      {error}
    </p>
  );
}
