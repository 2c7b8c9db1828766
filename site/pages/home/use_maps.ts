// The layers of the run as they are now.

import { useEffect, useState } from "preact/hooks";
import { call } from "../../engine/client.ts";
import type { LayerMaps } from "../../engine/protocol.ts";
import { info, progress, sentence } from "../../engine/session.ts";
import { reducedMotion } from "../../parts/motion.ts";
import { runFault } from "./state.ts";

const PICTURE = { part: "test", index: 0 } as const;
const EVERY_MS = 500;
/** Where the visitor asks for less motion. */
const CALM_EVERY_MS = 5000;
/** Of the worker's time, so that the run is what it works on. */
const SHARE = 5;

/** About twice a second while the run goes on and the page is seen. */
export function useMaps(): LayerMaps | null {
  const [maps, setMaps] = useState<LayerMaps | null>(null);
  const ready = info.value !== null;
  useEffect(() => {
    if (!ready) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let shown = -1;
    let gone = false;
    const look = async () => {
      const began = performance.now();
      const { step = 0 } = progress.value ?? {};
      try {
        if (!document.hidden && step !== shown) {
          const fresh = await call("maps", PICTURE);
          shown = fresh.step;
          if (!gone) setMaps(fresh);
        }
      } catch (error) {
        if (progress.value?.state !== "recovering") runFault.value = sentence(error);
      }
      const wait = Math.max(reducedMotion() ? CALM_EVERY_MS : EVERY_MS, SHARE * (performance.now() - began));
      if (!gone) timer = setTimeout(look, wait);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [ready]);
  return maps;
}
