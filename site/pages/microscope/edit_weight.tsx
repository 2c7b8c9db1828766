// Sets one weight of the running model, and tells what became of the element under the cursor and of the verdict.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call } from "../../engine/client.ts";
import { info, progress } from "../../engine/session.ts";
import { exact } from "../../parts/inspector/numbers.ts";
import { edits } from "../../parts/inspector/open.ts";
import { ErrorLine, useTask } from "../../parts/task.tsx";
import { looked, past, refresh, shown } from "./state.ts";

interface Edit {
  readonly index: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly told: string;
}

interface EditProps {
  readonly layer: number;
  readonly index: readonly number[];
  readonly value: number;
}

export function EditWeight({ layer, index, value }: EditProps) {
  const task = useTask();
  const draft = useSignal<string | null>(null);
  const last = useSignal<Edit | null>(null);
  const place = `weight[${index.join(", ")}]`;
  useEffect(() => {
    draft.value = null;
  }, [layer, place]);
  useEffect(() => {
    last.value = null;
  }, [layer]);
  const set = (at: readonly number[], from: number, to: number) =>
    task.run(async () => {
      if (!Number.isFinite(to)) throw new RangeError("a weight is a number");
      const before = sight();
      await call("edit", layer, "weight", at, to);
      edits.value++;
      await refresh();
      draft.value = null;
      last.value = { index: at, from, to, told: difference(before, sight()) };
    });
  const running = progress.value?.state === "running";
  if (past.value !== null)
    return <p class="small muted">Weights can be set when the scrubber stands at now.</p>;
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault();
        set(index, value, draft.value === null ? value : Number(draft.value));
      }}
    >
      <label class="row small">
        Set {place} to
        <input
          type="number"
          step="any"
          required
          class="weight"
          value={draft.value ?? exact(value)}
          onInput={(event) => {
            draft.value = event.currentTarget.value;
          }}
        />
      </label>
      <div class="row">
        <button type="submit" aria-disabled={task.busy}>
          Set
        </button>
        <button type="button" aria-disabled={task.busy} onClick={() => set(index, value, 0)}>
          Set to 0
        </button>
        <button
          type="button"
          disabled={!last.value}
          aria-disabled={task.busy}
          onClick={() => last.value && set(last.value.index, last.value.to, last.value.from)}
        >
          Put back
        </button>
      </div>
      <ErrorLine error={task.error} />
      <div aria-live="polite" class="small">
        {last.value && (
          <p>
            weight[{last.value.index.join(", ")}]: {exact(last.value.from)} became {exact(last.value.to)}.{" "}
            {last.value.told}
          </p>
        )}
      </div>
      {running && (
        <p class="small muted">
          The run goes on and trains this weight further: pause it to see the edit alone.
        </p>
      )}
    </form>
  );
}

function sight() {
  const probabilities = shown.peek()?.probabilities ?? [];
  return { under: looked.peek(), probabilities };
}

function difference(before: ReturnType<typeof sight>, after: ReturnType<typeof sight>): string {
  const classes = info.peek()?.classes ?? [];
  const { under } = after;
  const cell =
    under && before.under
      ? `The element under the cursor went from ${exact(before.under.value)} to ${exact(under.value)}. `
      : "";
  const best = after.probabilities.indexOf(Math.max(...after.probabilities));
  if (best < 0) return cell;
  const percent = (p: number | undefined) => `${(100 * (p ?? 0)).toFixed(2)} %`;
  const name = classes[best] ?? best;
  return `${cell}Probability of ${name}: ${percent(before.probabilities[best])} to ${percent(after.probabilities[best])}.`;
}
