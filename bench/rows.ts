// The rows of the comparison: for each work the libraries take turns in one run, each in its own page. Correct first, then
// the clock; what fails or takes too long is a row without a time, and the reason.
import type { ProgramMemory } from "../src/gpu/program_slabs.ts";
import type { LibraryPage } from "./browser.ts";
import { median } from "./measure.ts";
import type { Prepared } from "./page/page.ts";
import { LIBRARIES, type LibraryName } from "./peers/job.ts";
import { WORK_NAMES, type WorkName } from "./peers/operands.ts";

export interface PeerRow {
  readonly work: WorkName;
  readonly library: LibraryName;
  /** A call with several in flight; median of the rounds. null: no time, see `reason`. */
  readonly ms: number | null;
  /** One call and the reading of its result. */
  readonly latencyMs: number | null;
  /** The first call of a fresh page: compilation and the reading of the result included. */
  readonly firstMs: number | null;
  readonly dispatches: number | null;
  readonly submits: number | null;
  readonly buffersCreated: number | null;
  readonly bindGroupsCreated: number | null;
  readonly peakBytes: number | null;
  readonly correct: boolean;
  /** Why there is no time, or what is wrong. */
  readonly reason?: string;
}

/** Where pages come from: a BenchBrowser. */
export interface Pages {
  open(library: LibraryName, limitMs: number): Promise<LibraryPage>;
  restart(): Promise<void>;
}

const OPEN_LIMIT_MS = 60_000;
const ROUND_LIMIT_MS = 120_000;

interface Entrant {
  readonly library: LibraryName;
  readonly page: LibraryPage;
  readonly prepared: Prepared;
  readonly ms: number[];
  readonly latencyMs: number[];
}

export interface RowsOptions {
  readonly libraries?: readonly LibraryName[];
  readonly rounds: number;
  /** For the first calls of a work: tracing, compilation, the check. */
  readonly limitMs: number;
  readonly progress?: (text: string) => void;
  /** Takes the memory plan of wgrad's compiled work. */
  readonly onPlan?: (work: WorkName, memory: ProgramMemory) => void;
}

/** One row a library, in the order of LIBRARIES. */
export async function rowsOf(pages: Pages, work: WorkName, options: RowsOptions): Promise<PeerRow[]> {
  const { libraries = LIBRARIES, progress = () => {} } = options;
  const out = new Map<LibraryName, PeerRow>();
  // A library that hangs or fails may have taken the GPU process with it: the others start again without it, in a new browser.
  for (;;) {
    const entrants: Entrant[] = [];
    const broken = await race(
      pages,
      work,
      inTurn(libraries, work).filter((l) => !out.has(l)),
      { ...options, progress },
      entrants,
      out,
    );
    if (!broken) break;
    await pages.restart();
  }
  return libraries.map((l) => out.get(l)!);
}

/** Another goes first in the next work: a first call finds the browser as the one before left it. */
function inTurn(libraries: readonly LibraryName[], work: WorkName): LibraryName[] {
  const shift = WORK_NAMES.indexOf(work) % libraries.length;
  return [...libraries.slice(shift), ...libraries.slice(0, shift)];
}

/** True if a library had to be given up together with the browser. */
async function race(
  pages: Pages,
  work: WorkName,
  libraries: readonly LibraryName[],
  { rounds, limitMs, progress, onPlan }: RowsOptions,
  entrants: Entrant[],
  out: Map<LibraryName, PeerRow>,
): Promise<boolean> {
  let current = libraries[0]!;
  try {
    for (const library of libraries) {
      current = library;
      progress?.(`${work}: ${library}`);
      const entrant = await enter(pages, work, library, limitMs);
      if ("work" in entrant) out.set(library, entrant);
      else entrants.push(entrant);
    }
    for (let round = 0; round < rounds; round++) {
      progress?.(`${work}: round ${round + 1}`);
      for (const e of round % 2 === 0 ? entrants : [...entrants].reverse()) {
        current = e.library;
        e.ms.push(await e.page.call("throughput", ROUND_LIMIT_MS));
        e.latencyMs.push(await e.page.call("latency", ROUND_LIMIT_MS));
      }
    }
    for (const e of entrants) {
      current = e.library;
      out.set(e.library, await finish(e, work));
      const memory = onPlan && (await e.page.call("memory", ROUND_LIMIT_MS));
      if (memory) onPlan(work, memory);
      await e.page.close();
    }
    return false;
  } catch (error) {
    out.set(current, withoutTime(work, current, error as Error));
    return true;
  }
}

async function enter(
  pages: Pages,
  work: WorkName,
  library: LibraryName,
  limitMs: number,
): Promise<Entrant | PeerRow> {
  const page = await pages.open(library, OPEN_LIMIT_MS);
  const prepared = await page.call("prepare", limitMs, work);
  if (!prepared.fault) return { library, page, prepared, ms: [], latencyMs: [] };
  await page.close();
  return { ...withoutTime(work, library, new Error(prepared.fault)), firstMs: prepared.firstMs };
}

async function finish({ library, page, prepared, ms, latencyMs }: Entrant, work: WorkName): Promise<PeerRow> {
  const { pipelinesCreated: _, ...counts } = await page.call("counts", ROUND_LIMIT_MS);
  const { firstMs } = prepared;
  return { work, library, ms: median(ms), latencyMs: median(latencyMs), firstMs, ...counts, correct: true };
}

function withoutTime(work: WorkName, library: LibraryName, { message }: Error): PeerRow {
  const nothing = { ms: null, latencyMs: null, firstMs: null, dispatches: null, submits: null };
  const none = { ...nothing, buffersCreated: null, bindGroupsCreated: null, peakBytes: null };
  return { work, library, ...none, correct: false, reason: message.split("\n")[0]! };
}
