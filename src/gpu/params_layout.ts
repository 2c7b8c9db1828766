// Where the params of a program's dispatches stand in its one uniform buffer.

import type { Dispatch } from "./dispatch.ts";
import { PARAMS_STRIDE } from "./eager.ts";

/** Bytes that the params of a dispatch take. */
export const stride = (d: Dispatch) => Math.ceil(d.paramsBytes / PARAMS_STRIDE) * PARAMS_STRIDE;

/** Params with host scalars come first, so that one writeBuffer renews them all. */
export function layoutParams(dispatches: readonly Dispatch[]): {
  slots: number[];
  liveBytes: number;
  totalBytes: number;
} {
  const isLive = (d: Dispatch) => d.params.some((p) => typeof p.value !== "number");
  const slots: number[] = new Array(dispatches.length).fill(0);
  let at = 0;
  const place = (d: Dispatch, i: number) => {
    slots[i] = at;
    at += stride(d);
  };
  dispatches.forEach((d, i) => {
    if (isLive(d)) place(d, i);
  });
  const liveBytes = at;
  dispatches.forEach((d, i) => {
    if (!isLive(d)) place(d, i);
  });
  return { slots, liveBytes, totalBytes: at };
}
