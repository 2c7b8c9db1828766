// The colours of a map with their numbers.

import { useMemo } from "preact/hooks";
import { colourOf, type Scale } from "../../parts/colours.ts";
import { short } from "../../parts/inspector/numbers.ts";

const STOPS = 12;

export function Legend({ scale }: { scale: Scale }) {
  const gradient = useMemo(() => {
    const { low, high } = scale;
    const at = (i: number) => colourOf(low + (i / STOPS) * (high - low), scale);
    return `linear-gradient(to right, ${Array.from({ length: STOPS + 1 }, (_, i) => at(i)).join(", ")})`;
  }, [scale.low, scale.high, scale.table]);
  return (
    <p class="legend small muted">
      <span>{short(scale.low)}</span>
      <span class="legend-bar" style={{ background: gradient }} aria-hidden="true" />
      <span>{short(scale.high)}</span>
    </p>
  );
}
