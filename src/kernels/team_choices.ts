// Teams of threads that share a row, as softmax and the norms have them: what a tuning table calls them, `lanes 8 threads 64`,
// and which are worth measuring. How rows are walked: softmax_rows.ts, layer_norm_run.ts.

import type { Device } from "../gpu/device.ts";

export interface Team {
  /** Threads that share a row: a power of two. */
  readonly lanes: number;
  /** Of a workgroup, the lanes of several teams. */
  readonly threads: number;
}

export const TEAM_WORDS = "lanes L threads T (powers of two; lanes 1 to 64, threads 4 to 256, whole teams)";

const LANES = [1, 2, 4, 8, 16, 32, 64];
const THREADS = [4, 8, 16, 32, 64, 128, 256];
/** No teams on software adapters, where barriers cost more than the row (8192 rows of 256: 10 ms alone, 67 with 8 lanes). */
const LIKELY = {
  software: { lanes: [1], threads: [4, 8, 16, 64] },
  hardware: { lanes: [1, 4, 8, 16, 32, 64], threads: [64, 256] },
} as const;

export const teamName = ({ lanes, threads }: Team): string => `lanes ${lanes} threads ${threads}`;

/** Null for what is no team's name. */
export function parseTeam(variant: string): Team | null {
  const match = /^lanes (\d+) threads (\d+)$/.exec(variant);
  const [lanes, threads] = [Number(match?.[1]), Number(match?.[2])];
  return LANES.includes(lanes) && THREADS.includes(threads) && lanes <= threads ? { lanes, threads } : null;
}

/** For rows of so many loads: lanes without any would only wait. */
export function likelyTeams(loads: number, { adapter }: Device): Team[] {
  const likely = LIKELY[adapter.software ? "software" : "hardware"];
  return likely.lanes
    .filter((lanes) => lanes <= Math.max(loads, 1))
    .flatMap((lanes) => likely.threads.map((threads) => ({ lanes, threads })));
}
