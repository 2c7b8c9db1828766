// The MobileNetV2 features that npm `nsfwjs` ships (MIT): weights trained on photographs, in TensorFlow.js' format, quantised to 8
// bits, each file inside a JavaScript module. The modules are read as text: nothing of them is run.
import { FormatError } from "../../gpu/errors.ts";
import { readTfjsWeights, type TfjsWeight, tfjsShards } from "../../io/tfjs.ts";
import type { DataSource } from "./files.ts";

const MODEL = "model.min.js";

export const NSFWJS_SOURCE: DataSource = {
  folder: "nsfwjs",
  package: { name: "nsfwjs", folder: "dist/models/mobilenet_v2" },
  help: () => "get it with: npm i nsfwjs@4.3.0",
};

/**
 * All weights by Keras' names; `kerasMobilenetV2` makes a state dict of them.
 *
 * @throws FormatError if a module does not hold what it should, and as readTfjsWeights
 */
export async function loadNsfwjs(
  read: (file: string) => Promise<Uint8Array>,
): Promise<Map<string, TfjsWeight>> {
  const manifest = manifestIn(new TextDecoder().decode(await read(MODEL)));
  const shards = new Map<string, Uint8Array>();
  for (const path of tfjsShards(manifest)) {
    const file = `${path}.min.js`;
    shards.set(path, bytesIn(new TextDecoder().decode(await read(file)), file));
  }
  return readTfjsWeights(manifest, shards);
}

/** The list behind `weightsManifest:`, an object literal with bare keys and numbers such as .5, as JSON. */
function manifestIn(text: string): unknown {
  const start = text.indexOf("weightsManifest:[");
  if (start < 0) throw new FormatError(`loadNsfwjs: ${MODEL} has no weightsManifest`);
  const from = start + "weightsManifest:".length;
  const json = text
    .slice(from, endOfList(text, from))
    .replace(/([{,])(\w+):/g, '$1"$2":')
    .replace(/([:,[]-?)\./g, "$10.");
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new FormatError(`loadNsfwjs: weightsManifest of ${MODEL} is not read: ${String(cause)}`, { cause });
  }
}

/** Names hold no brackets. */
function endOfList(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "[") depth++;
    else if (text[at] === "]" && --depth === 0) return at + 1;
  }
  throw new FormatError(`loadNsfwjs: ${MODEL} is truncated`);
}

/** The module's one long string, base64. */
function bytesIn(text: string, file: string): Uint8Array {
  const start = text.indexOf('exports="') + 'exports="'.length;
  const end = text.indexOf('"', start);
  const base64 = text.slice(start, end);
  if (start < 'exports="'.length || end < 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    throw new FormatError(`loadNsfwjs: ${file} holds no base64 text`);
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
