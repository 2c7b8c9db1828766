// What the browser tests ask of a running site, where the address says `?test`: the engine's calls and the state of the run. Nothing
// else loads this file.

import { call } from "../engine/client.ts";
import type { Call, CurvePoint, Opened, Progress, ValidationPoint } from "../engine/protocol.ts";
import { opened, points, progress, validation } from "../engine/session.ts";

export interface SiteState {
  readonly opened: Opened | null;
  readonly progress: Progress | null;
  readonly points: readonly CurvePoint[];
  readonly validation: readonly ValidationPoint[];
}

declare global {
  interface Window {
    wgradSite?: { readonly call: Call; state(): SiteState };
  }
}

/** Called, not done on import: package.json tells builders that modules have no effects of their own. */
export function installTestHook(): void {
  window.wgradSite = {
    call,
    state: () => ({
      opened: opened.value,
      progress: progress.value,
      points: points.value,
      validation: validation.value,
    }),
  };
}
