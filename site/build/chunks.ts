// The worker's scripts. Left alone, the bundler cuts the engine by who shares what with the parts that come later (Inspector, bench,
// self-test), though these never come before it: smaller pieces, which compress worse.

interface Modules {
  getModuleInfo(id: string): { readonly importers: readonly string[] } | null;
}

const DOOR = "/site/engine/worker.ts";
const REPLAY = "/site/engine/replay/light.ts";
const ENGINE = "/site/engine/in_browser.ts";

/** One script with what both Home's replay and the engine need, one with the rest of the engine. What comes first stays apart. */
export const workerChunks = {
  groups: [group("door", [DOOR], 3), group("shared", [ENGINE, REPLAY], 2), group("engine", [ENGINE], 1)],
};

/** Modules that all of these need. A group takes what its modules import along, so the one of higher priority must be closed. */
function group(name: string, entries: readonly string[], priority: number) {
  const belongs = (id: string, modules: Modules) =>
    !id.endsWith(DOOR) && entries.every((entry) => reached(id, entry, modules)) ? name : null;
  return { name: belongs, debugName: name, priority };
}

/** Whether `from` imports the module, be it by others, but not by `import()`. */
function reached(id: string, from: string, modules: Modules, seen = new Set<string>()): boolean {
  if (id.endsWith(from)) return true;
  if (seen.has(id)) return false;
  seen.add(id);
  return modules.getModuleInfo(id)?.importers.some((by) => reached(by, from, modules, seen)) ?? false;
}
