// Scrubs through the steps whose weights are kept: filters forming, from the first step to now.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { kept, past, shown } from "./state.ts";

const FRAME_MS = 300;

export function Scrubber() {
  const playing = useSignal(false);
  const steps = kept.value;
  const at = past.value === null ? steps.length : Math.max(0, steps.indexOf(past.value));
  const goTo = (place: number) => {
    past.value = place >= steps.length ? null : steps[place];
  };
  useEffect(() => {
    if (!playing.value) return;
    // The next frame is asked for when the last one is there: slow adapters play slower.
    const timer = setTimeout(() => {
      if (at >= steps.length) playing.value = false;
      else goTo(at + 1);
    }, FRAME_MS);
    return () => clearTimeout(timer);
  }, [playing.value, at, shown.value]);
  if (steps.length === 0) return null;
  const words = past.value === null ? "now" : `step ${past.value.toLocaleString("en")}`;
  return (
    <fieldset class="row bare scrubber" aria-label="Steps that are kept">
      <button
        type="button"
        aria-pressed={playing.value}
        onClick={() => {
          if (!playing.value && at >= steps.length) goTo(0);
          playing.value = !playing.value;
        }}
      >
        {playing.value ? "Stop the film" : "Film"}
      </button>
      <label class="row small stretch">
        Weights of
        <input
          type="range"
          min={0}
          max={steps.length}
          value={at}
          aria-valuetext={words}
          onInput={(event) => {
            playing.value = false;
            goTo(event.currentTarget.valueAsNumber);
          }}
        />
        <span class="words">{words}</span>
      </label>
      {past.value !== null && (
        <button type="button" onClick={() => goTo(steps.length)}>
          Back to now
        </button>
      )}
    </fieldset>
  );
}
