// The shaders in built pages: one file of data beside the scripts (build/shaders.ts), texts and what was reflected of them, fetched
// before the engine's code runs, so that WGSL is not parsed as JavaScript. In development and in tests they are in the modules.

/** Name of the file; filled in by the build. */
const FILE = "@shaders";
let shaders: Readonly<Record<string, unknown>> = {};

/** To be awaited before the engine is imported. Throws where the file can't be fetched. */
export async function loadShaders(): Promise<void> {
  if (!FILE.endsWith(".json")) return;
  const here: string = import.meta.url; // by a name: Vite would take the address below for one of an asset
  const answer = await fetch(new URL(`../${FILE}`, here)); // the worker's script lies in a folder of its own
  if (!answer.ok) throw new Error(`the shaders could not be loaded: ${FILE}, status ${answer.status}`);
  shaders = (await answer.json()) as Record<string, unknown>;
}

/** What stands in place of the literal of a generated module. */
export function shaderNamed(name: string): unknown {
  const found = shaders[name];
  if (found === undefined) throw new Error(`shader ${name} is not loaded`);
  return found;
}
